import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";

const Settings = z.strictObject({
  /** The shares of the traffic, in percent, that a new version gets before it gets all of it. */
  steps: z
    .array(z.number().gt(0).lt(100))
    .min(1)
    .max(10)
    .refine((steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)), {
      error: "must rise from step to step",
    }),
  /** How long each share is watched. */
  watchSeconds: z.number().positive().max(3600).default(120),
  /** Errors of the new version in a hundred of its requests beyond which it is taken out again. */
  maxErrorPercent: z.number().nonnegative().max(100).default(1),
});
export type RolloutSettings = z.infer<typeof Settings>;

/**
 * How a stack's new Worker versions get their traffic, from `quayside:rollout` of its configuration; undefined where the
 * stack has no such key: all of it at once.
 *
 * @throws UserError `rollout-config`
 */
export function readRollout(value: unknown, file: string): RolloutSettings | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = Settings.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    "rollout-config",
    `quayside:rollout in ${file} can't be read: ${z.prettifyError(parsed.error)}`,
    "Write it like { steps: [10, 50], watchSeconds: 300, maxErrorPercent: 1 }, or take it out.",
    EXIT.usage,
  );
}
