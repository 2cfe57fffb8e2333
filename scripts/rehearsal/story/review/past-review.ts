import type { JobOutcome } from "../../stage/runner.ts";
import type { Stage } from "../../stage/stage.ts";

/** Somebody deploys a larger volume to a stack from a branch of his own, past every review. */
export async function deployPastReview(stage: Stage, stack: string, size: number): Promise<JobOutcome> {
  const { checkout, github } = stage;
  const branch = `aside-${stack}-${size}`;
  await checkout.git("fetch", "--quiet", "origin");
  await checkout.git("checkout", "--quiet", "--force", "-B", branch, "origin/main");
  setVolumeSize(stage, stack, size);
  const sha = await checkout.commit(`Try ${size} GB on ${stack}`);
  await checkout.git("push", "--quiet", "origin", branch);
  return stage.job({
    name: `Somebody deploys ${size} GB to ${stack}, past every review`,
    workflow: "deploy.yml",
    command: ["deploy", stack, "--unreviewed", "--verify-limit", "20"],
    event: github.pushEvent(`refs/heads/${branch}`, "0".repeat(40), sha),
    sha,
    ref: `refs/heads/${branch}`,
    environment: stack,
    actor: "robin",
  });
}

/** Changes a stack's configuration in the checkout. */
export function setVolumeSize({ checkout }: Stage, stack: string, size: number): void {
  checkout.replace(`infra/Pulumi.${stack}.yaml`, /(quayside:volumeSize: )"\d+"/, `$1"${size}"`);
}
