import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { type Clouds, startCloudsProcess, startStandInsProcess } from "../stage/clouds-process.ts";
import { GithubPerson } from "../stage/github-person.ts";
import { type JobOutcome, Runner } from "../stage/runner.ts";
import { buildStage } from "../stage/stage.ts";
import { fillEsc } from "../story/fill-esc.ts";
import { type Census, takeCensus } from "./census.ts";

/** The clouds whose writes are counted. */
export const CLOUDS = ["hetzner", "cloudflare", "github"] as const;
export type CloudName = (typeof CLOUDS)[number];

/** A call that changed something, or may have. */
export interface Write {
  cloud: CloudName;
  /** Its place among the writes of its cloud, from 0. */
  index: number;
  call: string;
}

/** A world in which nothing was deployed yet, to be copied for each trial. */
export interface Ground {
  dir: string;
  sha: string;
  /** Makes a world of its own, alike in everything; `lane` keeps two that live at once apart. */
  world(lane: number): Promise<World>;
}

export interface World {
  clouds: Clouds;
  /** Runs the deployment's command as a job; `started` is told its process. */
  deploy(started?: (pid: number) => void): Promise<JobOutcome>;
  /** The next calls of a cloud that change something are let pass up to this one, and that one gets the fault. */
  fault(at: Pick<Write, "cloud" | "index">, fault: object): Promise<void>;
  /** Whether the answer of a call is held back. */
  isHeld(cloud: CloudName): Promise<boolean>;
  letGo(cloud: CloudName): Promise<void>;
  writes(): Promise<Write[]>;
  census(): Promise<Census>;
  close(): Promise<void>;
}

const Calls = z.array(z.object({ method: z.string(), path: z.string() }));
/** Only GitHub's API of the repository: what a runner asks for (identity tokens) changes nothing. */
const PATHS: Record<CloudName, string> = { hetzner: ".", cloudflare: ".", github: "^/repos/" };

/** Builds the clouds, the secrets and a checkout once, with a stack that has every kind of resource that the program makes. */
export async function prepareGround(root: string, dir: string): Promise<Ground> {
  const stage = await buildStage(root, dir, { plugins: "stand-ins" });
  try {
    await fillEsc(stage);
    const settings = join(stage.checkout.dir, "infra", "Pulumi.dev.yaml");
    const text = readFileSync(settings, "utf8");
    writeFileSync(
      settings,
      text.replace(/ownsZone: .*/, 'ownsZone: "true"').replace(/protect: .*/, 'protect: "true"'),
    );
    await stage.checkout.commit("Let dev own the zone, and protect what it has");
    await stage.checkout.git("push", "--quiet", "origin", "main");
  } finally {
    await stage.close();
  }
  const sha = await stage.checkout.git("rev-parse", "HEAD");
  const { dir: checkout } = stage.checkout;
  return {
    dir,
    sha,
    async world(lane) {
      const place = join(dir, `lane-${lane}`);
      rmSync(place, { recursive: true, force: true });
      mkdirSync(join(place, "state"), { recursive: true });
      writeFileSync(join(place, "package.json"), '{ "type": "module" }\n');
      for (const part of ["world", "checkout"])
        cpSync(join(dir, part), join(place, part), { recursive: true, verbatimSymlinks: true });
      // The other lane's clouds may run at the ports of the copied world.
      rmSync(join(place, "world", "ports.json"), { force: true });
      return openWorld(place, sha, join(place, checkout.slice(dir.length + 1)));
    },
  };
}

async function openWorld(place: string, sha: string, checkout: string): Promise<World> {
  const running = await startCloudsProcess(join(place, "world"));
  const clouds = running.said;
  const standIns = await startStandInsProcess(clouds, {
    hetzner: clouds.hetzner.token,
    cloudflare: clouds.cloudflare.token,
  }).catch(async (error: unknown) => {
    await running.stop();
    throw error;
  });
  const write = standIns.said.debugProviders;
  const state = join(place, "state");
  const runner = new Runner({
    clouds,
    dir: join(place, "jobs"),
    backend: `file://${state}`,
    providers: { read: write, write },
  });
  const person = new GithubPerson(clouds.github);
  const admin = (cloud: CloudName, path: string, init?: RequestInit) =>
    fetch(new URL(`/_rehearsal/${path}`, clouds[cloud].url), init);
  const git = async (...args: string[]) =>
    (await execa("git", args, { cwd: checkout, env: { GIT_CONFIG_NOSYSTEM: "1" } })).stdout.trim();
  return {
    clouds,
    deploy: (started) =>
      runner.run(
        { dir: checkout, git },
        {
          name: "Deploy dev",
          workflow: "deploy-dev.yml",
          // Nothing was reviewed here: what is tried is whether it comes to its end, not whether it may begin.
          command: ["deploy", "dev", "--unreviewed", "--verify-limit", "60"],
          event: person.pushEvent("refs/heads/main", "0".repeat(40), sha),
          sha,
          ref: "refs/heads/main",
          environment: "dev",
          actor: "robin",
        },
        started,
      ),
    async fault({ cloud, index }, fault) {
      const rule = { writes: true, path: PATHS[cloud], skip: index, fault };
      const answer = await admin(cloud, "faults", { method: "POST", body: JSON.stringify(rule) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async isHeld(cloud) {
      const answer = z.object({ held: z.number() }).parse(await (await admin(cloud, "held")).json());
      return answer.held > 0;
    },
    letGo: async (cloud) => void (await admin(cloud, "held", { method: "DELETE" })),
    async writes() {
      const lists = await Promise.all(
        CLOUDS.map(async (cloud) => {
          const calls = Calls.parse(await (await admin(cloud, "calls")).json());
          return calls
            .filter(({ method, path }) => method !== "GET" && new RegExp(PATHS[cloud]).test(path))
            .map(({ method, path }, index): Write => ({ cloud, index, call: `${method} ${path}` }));
        }),
      );
      return lists.flat();
    },
    census: () => takeCensus(clouds, state),
    async close() {
      await standIns.stop();
      await running.stop();
    },
  };
}
