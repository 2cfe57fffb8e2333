import { z } from "zod";
import type { Checkout } from "./checkout.ts";
import type { Run } from "./measure.ts";
import type { Expectation, Side } from "./sides.ts";
import type { World } from "./world.ts";

const Result = z.object({
  outcome: z.string(),
  deployed: z.array(z.string()).default([]),
  unchanged: z.array(z.string()).default([]),
});

/** This pipeline: one process of its CLI for each case. Releases are kept in the checkout, as without GitHub. */
export function oursIn(checkout: Checkout, world: World): Side {
  const cwd = checkout.dir;
  const cli = async (run: Run, ...args: string[]) => {
    const env = {
      ...world.env,
      DIGEST_KEY: "a long random string for the bench",
      RELEASE_SIGNING_KEY: world.signingKey,
      // As scripts/toolchain/launch.mjs does it on a fresh runner.
      NODE_DISABLE_COMPILE_CACHE: "1",
      // The verification goes through the rehearsed internet.
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: world.clouds.edge.url,
      NO_PROXY: "127.0.0.1,localhost",
      NODE_EXTRA_CA_CERTS: world.clouds.edge.ca,
    };
    const stdout = await run(process.execPath, ["--no-warnings", "scripts/cli.ts", ...args, "--json"], {
      cwd,
      env,
    });
    return Result.parse(JSON.parse(stdout));
  };
  return {
    name: "ours",
    hosts: [],
    async preview(run) {
      await cli(run, "preview");
    },
    async deploy(run, expects) {
      const { outcome, deployed } = await cli(run, "deploy", "dev");
      const seen = `${outcome}: ${deployed.join(", ") || "nothing deployed"}`;
      if (!asExpected(expects, outcome, deployed))
        throw new Error(`This deployment was to do ${JSON.stringify(expects)}; it ended as ${seen}.`);
    },
  };
}

function asExpected(expects: Expectation, outcome: string, deployed: readonly string[]): boolean {
  if (expects === "nothing") return outcome === "nothing-to-do" && deployed.length === 0;
  if (expects === "everything") return outcome === "succeeded" && deployed.length > 0;
  return outcome === "succeeded" && deployed.length === 1 && deployed[0] === `workers/${expects.worker}`;
}
