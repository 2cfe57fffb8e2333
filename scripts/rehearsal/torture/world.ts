import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { startClouds } from "../clouds/start.ts";
import { Clouds } from "../stage/clouds-process.ts";
import { GithubPerson } from "../stage/github-person.ts";
import { type JobOutcome, Runner } from "../stage/runner.ts";
import { startStandIns } from "../stand-ins/start.ts";
import { type Census, takeCensus } from "./census.ts";
import { CLOUDS, type CloudName, type Write } from "./clouds.ts";
import type { Ground } from "./ground.ts";

export interface World {
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

/**
 * Makes a world like all others out of the ground, and runs its clouds and stand-ins in this process: what they load is
 * loaded once for all worlds.
 *
 * @param place a folder that is this process's alone; the checkout in it is kept from world to world
 */
export async function openWorld({ dir, sha }: Pick<Ground, "dir" | "sha">, place: string): Promise<World> {
  const checkout = join(place, "checkout");
  const git = async (...args: string[]) =>
    (await execa("git", args, { cwd: checkout, env: { GIT_CONFIG_NOSYSTEM: "1" } })).stdout.trim();
  const state = join(place, "state");
  for (const part of ["world", "state", "jobs"]) rmSync(join(place, part), { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), '{ "type": "module" }\n');
  for (const part of ["world", "state"])
    cpSync(join(dir, part), join(place, part), { recursive: true, verbatimSymlinks: true });
  // The clouds of another process may run at the ports of the copied world.
  rmSync(join(place, "world", "ports.json"), { force: true });
  if (existsSync(checkout)) await git("clean", "--quiet", "--force", "-d", "-x");
  else cpSync(join(dir, "checkout"), checkout, { recursive: true, verbatimSymlinks: true });

  const running = await startClouds({ world: join(place, "world") });
  const clouds = Clouds.parse(running.addresses);
  const standIns = await startStandIns({ hcloud: clouds.hetzner, cloudflare: clouds.cloudflare }).catch(
    async (error: unknown) => {
      await running.close();
      throw error;
    },
  );
  const runner = new Runner({
    clouds,
    dir: join(place, "jobs"),
    backend: `file://${state}`,
    providers: { read: standIns.debugProviders, write: standIns.debugProviders },
  });
  const person = new GithubPerson(clouds.github);
  const admin = (cloud: CloudName, path: string, init?: RequestInit) =>
    fetch(new URL(`/_rehearsal/${path}`, clouds[cloud].url), init);
  return {
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
      await standIns.close();
      await running.close();
    },
  };
}
