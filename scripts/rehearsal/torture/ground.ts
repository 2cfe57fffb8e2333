import { createHash } from "node:crypto";
import type { Checkout } from "../stage/checkout.ts";
import { buildStage, type Stage } from "../stage/stage.ts";
import { fillEsc } from "../story/fill-esc.ts";
import { deployDevJob } from "../story/jobs.ts";

/** Which deployment is disturbed: the one into an empty world, or one that changes what an earlier one made. */
export type Deployment = "first" | "later";

/** A world in which the deployment to be disturbed was not run yet, to be copied for each trial. */
export interface Ground {
  /** Holds `world`, `checkout` and `state`. */
  dir: string;
  sha: string;
  /** A hash over everything that may change how a trial ends; equal ones allow results to be put together. */
  code: string;
}

/** Builds the clouds, the secrets and a checkout once, with a stack that has every kind of resource that the program makes. */
export async function prepareGround(root: string, dir: string, deployment: Deployment): Promise<Ground> {
  const stage = await buildStage(root, dir, { plugins: "stand-ins" });
  const { checkout } = stage;
  try {
    await fillEsc(stage);
    await settle(checkout, "Let dev own the zone, and protect what it has", {
      ownsZone: '"true"',
      protect: deployment === "first" ? '"true"' : '"false"',
      secondServer: deployment === "first" ? '"false"' : '"true"',
    });
    if (deployment === "later") await bringUpAndChange(stage);
  } finally {
    await stage.close();
  }
  const files = await checkout.git(
    "ls-tree",
    "-r",
    "HEAD",
    "infra",
    "scripts",
    "sites",
    "workers",
    "package-lock.json",
  );
  const program = files.split("\n").filter((line) => !NO_PROGRAM.test(line));
  return {
    dir,
    sha: await checkout.git("rev-parse", "HEAD"),
    code: createHash("sha256").update(program.join("\n")).digest("hex"),
  };
}

/** What a later deployment does: resources are made, changed, replaced and deleted, and everything at the edge is new. */
async function bringUpAndChange(stage: Stage): Promise<void> {
  const { checkout } = stage;
  const first = await deployDevJob(stage, await checkout.git("rev-parse", "HEAD"));
  if (first.exitCode !== 0) throw new Error(`The deployment before the disturbed one failed:\n${first.log}`);
  // A job leaves the commit checked out, and no branch.
  await checkout.git("checkout", "--quiet", "--force", "main");
  checkout.edit(
    "workers/intake/wrangler.jsonc",
    '"kv_namespaces": [',
    '"kv_namespaces": [{ "binding": "INTAKE_SEEN", "id": "00000000000000000000000000000001" }, ',
  );
  checkout.edit("sites/www/index.html", "<title>", "<title>Later: ");
  checkout.edit("infra/Pulumi.dev.yaml", "198.51.100.0/24", "203.0.113.0/24");
  await settle(checkout, "Change all that a stack lets one change", {
    serverType: "cpx31",
    secondServer: '"false"',
    volumeSize: '"30"',
    image: `ghcr.io/quayside/app@sha256:${"2".repeat(64)}`,
  });
}

async function settle(checkout: Checkout, message: string, settings: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(settings))
    checkout.replace("infra/Pulumi.dev.yaml", new RegExp(`(?<=^  quayside:${key}:) .*`, "m"), ` ${value}`);
  await checkout.commit(message);
  await checkout.git("push", "--quiet", "origin", "main");
}

/** Tests, and the stacks' settings, which have the account and the key of their world in them. */
const NO_PROGRAM = /\.test\.\w+$|infra\/Pulumi\.\w+\.yaml$/;
