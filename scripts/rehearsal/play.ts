import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Reporter } from "../terminal/reporter.ts";
import { endLeftovers } from "./machines/leftovers.ts";
import { Notebook, type PlayedScene } from "./stage/evidence.ts";
import { buildStage, type Stage } from "./stage/stage.ts";
import type { Chapter, Memory } from "./story/chapter.ts";
import type { Scene } from "./story/scene.ts";
import { plural, tellProblems } from "./tell.ts";

/** One chapter as it was played. */
export interface PlayedChapter {
  name: string;
  title: string;
  tells: string;
  /** The time until all its clouds answered and its first scene could begin. */
  stageSeconds: number;
  /** Why it could not be played on this machine, where it could not. */
  skipped?: string;
}

/** The whole rehearsal as `.rehearsal/report.json` has it. */
export interface Rehearsal {
  schema: 1;
  startedAt: string;
  seconds: number;
  outcome: "passed" | "failed";
  chapters: PlayedChapter[];
  scenes: PlayedScene[];
  /** What took the place of a real part, so that nobody takes it for one. */
  standIns: string[];
}

export interface PlayOptions {
  root: string;
  /** The folder for the worlds, the evidence and the report; below the repository, where Node finds the packages. */
  dir: string;
  /** In this order, each in a world of its own. */
  chapters: readonly Chapter[];
  /** The last scene of the last chapter to play; all of them when it is not named. */
  until?: string;
  /** Leaves the last chapter's clouds running until the process is interrupted. */
  keep: boolean;
  plugins: "stand-ins" | "real";
  signal: AbortSignal;
  reporter: Reporter;
  /** Writes the report, while the last chapter's clouds still stand. */
  write(rehearsal: Rehearsal): Promise<void>;
}

const STAND_INS = [
  "The clouds: emulators of the Hetzner, Cloudflare, GitHub, Pulumi ESC, Neon and Doppler APIs on this machine.",
  "The app at the origin: a small HTTP server that says which image it “runs”. No Django and no container; `--vm` boots real machines.",
  "GitHub's runner: a process with the runner's variables, files and masks that starts the same commands as the workflows.",
];
const STAND_IN_PLUGINS =
  "The hcloud, cloudflare and tls resource providers: stand-ins that speak Pulumi's provider protocol.";

/** Plays chapter after chapter. A scene that breaks off ends its chapter: the later ones stand on it. */
export async function play(options: PlayOptions): Promise<Rehearsal> {
  const { chapters, dir, reporter, signal } = options;
  const started = performance.now();
  await endLeftovers(dir);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const rehearsal: Rehearsal = {
    schema: 1,
    startedAt: new Date().toISOString(),
    seconds: 0,
    outcome: "passed",
    chapters: [],
    scenes: [],
    standIns: [
      ...STAND_INS,
      ...(options.plugins === "stand-ins" ? [STAND_IN_PLUGINS] : []),
      ...chapters.flatMap(({ standIns }) => standIns ?? []),
    ],
  };
  /** Everything so far; called while the clouds of the chapter still stand. */
  const write = async (chapter: PlayedChapter, whole: boolean) => {
    rehearsal.chapters.push(chapter);
    rehearsal.seconds = (performance.now() - started) / 1000;
    if (!whole) rehearsal.outcome = "failed";
    await options.write(rehearsal);
  };
  for (const chapter of chapters) {
    if (chapters.length > 1) reporter.say(`\n${chapter.title}`);
    const last = chapter === chapters.at(-1);
    const { name, title, tells } = chapter;
    const skipped = await chapter.missing?.();
    if (skipped !== undefined) {
      reporter.warn(`${title} is not played: ${skipped}`);
      await write({ name, title, tells, stageSeconds: 0, skipped }, true);
      continue;
    }
    const scenes = last ? upTo(chapter.scenes, options.until) : chapter.scenes;
    const built = performance.now();
    const build = chapter.build ?? buildStage;
    const stage = await reporter.step("Clouds, providers and a checkout", () =>
      build(options.root, join(dir, name), options),
    );
    const stageSeconds = (performance.now() - built) / 1000;
    try {
      const played = await playScenes(scenes, chapter, stage, options);
      rehearsal.scenes.push(...played);
      const whole = played.length === scenes.length && played.every(passed);
      await write({ name, title, tells, stageSeconds }, whole);
      if (last && options.keep && !signal.aborted) {
        reporter.say(`\nThe clouds go on running. Edge: ${stage.clouds.edge.url}. Press Ctrl+C to end.`);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      }
    } finally {
      await stage.close();
    }
    if (signal.aborted) break;
  }
  if (rehearsal.chapters.length < chapters.length) rehearsal.outcome = "failed";
  return rehearsal;
}

async function playScenes(
  scenes: readonly Scene[],
  chapter: Chapter,
  stage: Stage,
  { dir, reporter, signal }: PlayOptions,
): Promise<PlayedScene[]> {
  const played: PlayedScene[] = [];
  const memory = chapter.remember(played);
  for (const scene of scenes) {
    const { name, title, tells } = scene;
    const notes = new Notebook(dir, { chapter: chapter.name, name, title, tells });
    played.push(await playScene(scene, stage, notes, memory, { dir, reporter }));
    if (played.at(-1)?.error !== undefined || signal.aborted) break;
  }
  return played;
}

async function playScene(
  scene: Scene,
  stage: Stage,
  notes: Notebook,
  memory: Memory,
  { dir, reporter }: Pick<PlayOptions, "dir" | "reporter">,
): Promise<PlayedScene> {
  const started = performance.now();
  try {
    await reporter.step(
      scene.title,
      async (note) => {
        const job: Stage["job"] = (order, running) => {
          note(order.name);
          return stage.job(order, running);
        };
        await scene.play({ ...stage, job }, notes, memory).catch((error: unknown) => {
          notes.scene.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
        });
        if (!passed(notes.scene)) throw new NotAsExpected();
      },
      () => plural(notes.scene.expectations.length, "expectation"),
    );
    for (const figure of notes.scene.figures ?? []) reporter.say(`  ${figure}`);
  } catch (error) {
    if (!(error instanceof NotAsExpected)) throw error;
    reporter.say(`${tellProblems(notes.scene, relative(process.cwd(), dir))}\n`);
  }
  return { ...notes.scene, seconds: (performance.now() - started) / 1000 };
}

/** Ends a scene's line with a cross; what it was is told below it. */
class NotAsExpected extends Error {}

export function passed(scene: PlayedScene): boolean {
  return scene.error === undefined && scene.expectations.every(({ ok }) => ok);
}

function upTo(scenes: readonly Scene[], name: string | undefined): readonly Scene[] {
  return name === undefined ? scenes : scenes.slice(0, scenes.findIndex((scene) => scene.name === name) + 1);
}
