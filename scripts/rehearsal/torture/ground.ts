import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildStage } from "../stage/stage.ts";
import { fillEsc } from "../story/fill-esc.ts";

/** A world in which nothing was deployed yet, to be copied for each trial. */
export interface Ground {
  /** Holds `world` and `checkout`. */
  dir: string;
  sha: string;
  /** A hash over everything that may change how a trial ends; equal ones allow results to be put together. */
  code: string;
}

/** Builds the clouds, the secrets and a checkout once, with a stack that has every kind of resource that the program makes. */
export async function prepareGround(root: string, dir: string): Promise<Ground> {
  const stage = await buildStage(root, dir, { plugins: "stand-ins" });
  const { checkout } = stage;
  try {
    await fillEsc(stage);
    const settings = join(checkout.dir, "infra", "Pulumi.dev.yaml");
    const text = readFileSync(settings, "utf8");
    writeFileSync(
      settings,
      text.replace(/ownsZone: .*/, 'ownsZone: "true"').replace(/protect: .*/, 'protect: "true"'),
    );
    await checkout.commit("Let dev own the zone, and protect what it has");
    await checkout.git("push", "--quiet", "origin", "main");
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

/** Tests, and the stacks' settings, which have the account and the key of their world in them. */
const NO_PROGRAM = /\.test\.\w+$|infra\/Pulumi\.\w+\.yaml$/;
