import { type RolloutSettings, readRollout } from "../edge/rollout-settings.ts";
import { type Project, stackFile, stackValue } from "../stack/stacks.ts";

/** How a stack's new Worker versions get their traffic; undefined where it is all of it at once. */
export function rolloutOf(project: Project, stack: string): RolloutSettings | undefined {
  return readRollout(stackValue(project, stack, "rollout"), stackFile(project, stack));
}
