import { type RolloutSettings, readRollout } from "../edge/rollout-settings.ts";
import { type Project, stackValue } from "../stack/stacks.ts";

/** How a stack's new Worker versions get their traffic; undefined where it is all of it at once. */
export function rolloutOf(project: Project, stack: string): RolloutSettings | undefined {
  return readRollout(stackValue(project, stack, "rollout"), `infra/Pulumi.${stack}.yaml`);
}
