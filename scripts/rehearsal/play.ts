import { relative } from "node:path";
import type { Reporter } from "../terminal/reporter.ts";
import { Notebook, type PlayedScene } from "./stage/evidence.ts";
import { buildStage } from "./stage/stage.ts";
import type { Memory, Scene } from "./story/scene.ts";
import { STORY } from "./story/story.ts";
import { plural, tellProblems } from "./tell.ts";

/** The whole rehearsal as `.rehearsal/report.json` has it. */
export interface Rehearsal {
  schema: 1;
  startedAt: string;
  seconds: number;
  /** The time until all clouds answered and the first scene could begin. */
  stageSeconds: number;
  outcome: "passed" | "failed";
  scenes: PlayedScene[];
  /** What took the place of a real part, so that nobody takes it for one. */
  standIns: string[];
}

export interface PlayOptions {
  root: string;
  /** The folder for the world, the evidence and the report; below the repository, where Node finds the packages. */
  dir: string;
  /** The last scene to play; all of them when it is not named. */
  until?: string;
  /** Leaves the clouds running until the process is interrupted. */
  keep: boolean;
  plugins: "stand-ins" | "real";
  signal: AbortSignal;
  reporter: Reporter;
  /** Writes the report, while the clouds still stand. */
  write(rehearsal: Rehearsal): Promise<void>;
}

const STAND_INS = [
  "The clouds: emulators of the Hetzner, Cloudflare, GitHub, Pulumi ESC, Neon and Doppler APIs on this machine.",
  "The app at the origin: a small HTTP server that says which image it “runs”. No Django and no container.",
  "GitHub's runner: a process with the runner's variables, files and masks that starts the same commands as the workflows.",
];
const STAND_IN_PLUGINS =
  "The hcloud, cloudflare and tls resource providers: stand-ins that speak Pulumi's provider protocol.";

/** Plays the story, scene after scene. A scene that breaks off ends the story: the later ones stand on it. */
export async function play(options: PlayOptions): Promise<Rehearsal> {
  const { reporter } = options;
  const startedAt = new Date();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const stage = await reporter.step("Clouds, providers and a checkout", () =>
    buildStage(options.root, options.dir, options),
  );
  const stageSeconds = seconds();
  const scenes: PlayedScene[] = [];
  const memory: Memory = { commits: {}, played: scenes };
  try {
    for (const scene of upTo(STORY, options.until)) {
      const played = await playScene(scene, stage, memory, reporter);
      scenes.push(played);
      if (played.error !== undefined || options.signal.aborted) break;
    }
    const rehearsal: Rehearsal = {
      schema: 1,
      startedAt: startedAt.toISOString(),
      seconds: seconds(),
      stageSeconds,
      outcome:
        scenes.every(passed) && scenes.length === upTo(STORY, options.until).length ? "passed" : "failed",
      scenes,
      standIns: options.plugins === "stand-ins" ? [...STAND_INS, STAND_IN_PLUGINS] : STAND_INS,
    };
    await options.write(rehearsal);
    if (options.keep && !options.signal.aborted) {
      reporter.say(`\nThe clouds go on running. Edge: ${stage.clouds.edge.url}. Press Ctrl+C to end.`);
      await new Promise((resolve) => options.signal.addEventListener("abort", resolve, { once: true }));
    }
    return rehearsal;
  } finally {
    await stage.close();
  }
}

async function playScene(
  scene: Scene,
  stage: Awaited<ReturnType<typeof buildStage>>,
  memory: Memory,
  reporter: Reporter,
): Promise<PlayedScene> {
  const notes = new Notebook(stage.dir, { name: scene.name, title: scene.title, tells: scene.tells });
  const started = performance.now();
  try {
    await reporter.step(
      scene.title,
      async (note) => {
        const job: typeof stage.job = (order) => {
          note(order.name);
          return stage.job(order);
        };
        await scene.play({ ...stage, job }, notes, memory).catch((error: unknown) => {
          notes.scene.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
        });
        if (!passed(notes.scene)) throw new NotAsExpected();
      },
      () => plural(notes.scene.expectations.length, "expectation"),
    );
  } catch (error) {
    if (!(error instanceof NotAsExpected)) throw error;
    reporter.say(`${tellProblems(notes.scene, relative(process.cwd(), stage.dir))}\n`);
  }
  return { ...notes.scene, seconds: (performance.now() - started) / 1000 };
}

/** Ends a scene's line with a cross; what it was is told below it. */
class NotAsExpected extends Error {}

export function passed(scene: PlayedScene): boolean {
  return scene.error === undefined && scene.expectations.every(({ ok }) => ok);
}

function upTo(story: readonly Scene[], name: string | undefined): readonly Scene[] {
  return name === undefined ? story : story.slice(0, story.findIndex((scene) => scene.name === name) + 1);
}
