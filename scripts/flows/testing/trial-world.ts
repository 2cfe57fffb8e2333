import { execa } from "execa";
import { z } from "zod";
import { takeCensus } from "../../rehearsal/torture/census.ts";
import type { TrialWorld } from "../../rehearsal/torture/trial.ts";
import type { World } from "./world.ts";

/**
 * The tests' world as the kill matrix wants one: the deployment of a commit to dev as a process of its own.
 *
 * @param options of the command, besides its own
 */
export function trialWorldOf(world: World, sha: string, options: readonly string[] = []): TrialWorld {
  const held = async (cloud: "hetzner" | "cloudflare" | "github", method: string) =>
    fetch(new URL("/_rehearsal/held", world.clouds[cloud].url), { method });
  let state = "";
  return {
    async deploy(started) {
      const env = await world.environmentOf(world.pushed(sha));
      state = env.PULUMI_BACKEND_URL?.replace("file://", "") ?? "";
      const command = ["deploy", "dev", "--verify-limit", "20", "--json", ...options];
      const running = execa(process.execPath, ["--no-warnings", "scripts/cli.ts", ...command], {
        cwd: world.checkout.dir,
        env: {
          ...env,
          HTTPS_PROXY: world.clouds.edge.url,
          NO_PROXY: "127.0.0.1,localhost",
          NODE_USE_ENV_PROXY: "1",
          NODE_EXTRA_CA_CERTS: world.clouds.edge.ca,
        },
        extendEnv: false,
        reject: false,
        stdin: "ignore",
        all: true,
      });
      if (running.pid !== undefined) started?.(running.pid);
      const { exitCode = 1, all, stdout, durationMs } = await running;
      const last = stdout.trim().split("\n").at(-1) ?? "";
      return {
        name: "Deploy dev",
        command: command.join(" "),
        exitCode,
        seconds: durationMs / 1000,
        log: all,
        result: last.startsWith("{") ? (JSON.parse(last) as unknown) : undefined,
        summary: "",
      };
    },
    async fault({ cloud, index }, fault) {
      if (cloud === "github") throw new Error("Only the clouds of the stack.");
      await world.fault(cloud, { writes: true, skip: index, fault });
    },
    async isHeld(cloud) {
      const answer = z.object({ held: z.number() }).parse(await (await held(cloud, "GET")).json());
      return answer.held > 0;
    },
    letGo: async (cloud) => void (await held(cloud, "DELETE")),
    // Asked for faults alone.
    writes: async () => [],
    census: () => takeCensus(world.clouds, state),
  };
}
