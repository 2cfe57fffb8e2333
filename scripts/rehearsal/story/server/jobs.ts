import type { JobOutcome } from "../../stage/runner.ts";
import type { Stage } from "../../stage/stage.ts";
import type { ServerMemory } from "./memory.ts";

const ZERO = "0".repeat(40);
/** In seconds: a server that is born on a busy machine needs some minutes. */
const LIMIT = "900";

/** Pushes a change of files to main; the commit. */
export async function push(
  stage: Stage,
  memory: ServerMemory,
  message: string,
  edit: () => void,
): Promise<string> {
  const { checkout } = stage;
  await checkout.git("fetch", "--quiet", "origin");
  await checkout.git("checkout", "--quiet", "--force", "-B", "main", "origin/main");
  edit();
  const sha = await checkout.commit(message);
  await checkout.git("push", "--quiet", "origin", "main");
  memory.sha = sha;
  return sha;
}

/** Lets dev run another image, by a commit. */
export async function setImage(stage: Stage, memory: ServerMemory, image: string): Promise<string> {
  return push(stage, memory, "Update the app", () => {
    const text = stage.checkout.read("infra/Pulumi.dev.yaml");
    const [line = ""] = /quayside:image: .*/.exec(text) ?? [];
    stage.checkout.edit("infra/Pulumi.dev.yaml", line, `quayside:image: ${image}`);
  });
}

export function deployDev(stage: Stage, sha: string, name: string, ...args: string[]): Promise<JobOutcome> {
  return stage.job({
    name,
    workflow: "deploy-dev.yml",
    command: ["deploy", "dev", "--verify-limit", LIMIT, ...args],
    event: stage.github.pushEvent("refs/heads/main", ZERO, sha),
    sha,
    ref: "refs/heads/main",
    environment: "dev",
    actor: "robin",
  });
}
