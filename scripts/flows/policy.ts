import { z } from "zod";
import { POLICIES, type Policy } from "../change/decide-review.ts";
import type { Limits } from "../change/hazards/rule.ts";
import { EXIT, UserError } from "../errors.ts";
import { type Project, stackFile, stackSetting } from "../stack/stacks.ts";

/** What a stack's team has decided about its changes, in `infra/Pulumi.<stack>.yaml`. */
export interface StackPolicy {
  /** What happens to a change that is not the reviewed one. */
  whenChanged: Policy;
  /** When a cost is a hazard of its own. */
  limits: Limits;
}

const cents = z
  .string()
  .regex(/^\d+(\.\d{1,2})?$/, "must be an amount of dollars, such as 20 or 7.50")
  .transform((dollars) => Math.round(Number(dollars) * 100))
  .optional();

/** By key; what is not set has no limit, and stops. */
const Settings = z.object({
  "pipeline:whenChanged": z
    .enum(POLICIES, { error: `must be one of ${POLICIES.join(", ")}` })
    .default("stop"),
  "pipeline:monthlyIncrease": cents,
  "pipeline:monthlyLimit": cents,
});

/** @throws UserError `policy-invalid` that names every value which is none */
export function readPolicy(project: Project, stack: string): StackPolicy {
  const given = Object.keys(Settings.shape).map((key) => [key, stackSetting(project, stack, key)]);
  const parsed = Settings.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new UserError(
      "policy-invalid",
      `${stackFile(project, stack)}: ${problems.join("; ")}.`,
      "Mend the value; the comment above it in the template says what it means.",
      EXIT.usage,
    );
  }
  return {
    whenChanged: parsed.data["pipeline:whenChanged"],
    limits: {
      monthlyIncreaseCents: parsed.data["pipeline:monthlyIncrease"],
      monthlyTotalCents: parsed.data["pipeline:monthlyLimit"],
    },
  };
}
