import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../errors.ts";

const Properties = z.record(z.string(), z.unknown());
const Goal = z.looseObject({
  type: z.string(),
  name: z.string(),
  custom: z.boolean(),
  /** Against the inputs that the state has; for a new resource `adds` are all of them. */
  inputDiff: z
    .object({
      adds: Properties.default({}),
      updates: Properties.default({}),
      deletes: z.array(z.string()).default([]),
    })
    .prefault({}),
  parent: z.string().optional(),
  protect: z.boolean().default(false),
  provider: z.string().optional(),
  dependencies: z.array(z.string()).default([]),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).default({}),
  additionalSecretOutputs: z.array(z.string()).default([]),
});

/** What the program wants of one resource. Secrets are encrypted as in the state; what is not known yet is {@link UNKNOWN}. */
export type Goal = z.infer<typeof Goal> & {
  /** `create`, `create-replacement`, `update`, `same`, …, in the order in which they come. */
  steps: string[];
};

/** The engine's word for a value that only the update will know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const Plan = z.object({
  resourcePlans: z.record(
    z.string(),
    z.object({ goal: Goal.nullish(), steps: z.array(z.string()).default([]) }),
  ),
});

/** The goals of an update plan as a preview saves it, by URN; what is only deleted has none. */
export function readPlanGoals(file: string): Map<string, Goal> {
  return new Map(
    Object.entries(readPlan(file)).flatMap(([urn, { goal, steps }]) =>
      goal ? [[urn, { ...goal, steps }] as const] : [],
    ),
  );
}

/** How many steps an update plan has for each resource of a provider, by URN, without what stays as it is. */
export function countPlanSteps(file: string): Map<string, number> {
  return new Map(
    Object.entries(readPlan(file)).flatMap(([urn, { goal, steps }]) => {
      if (goal?.custom === false) return [];
      const count = steps.filter((step) => step !== "same").length;
      return count > 0 ? [[urn, count] as const] : [];
    }),
  );
}

function readPlan(file: string): z.infer<typeof Plan>["resourcePlans"] {
  const plan = Plan.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!plan.success) {
    throw new UserError(
      "plan-unreadable",
      `The engine's plan has another form than expected: ${z.prettifyError(plan.error)}`,
      "Use the engine's version that package.json pins.",
    );
  }
  return plan.data.resourcePlans;
}

/** The inputs that a goal wants, the state's own among them where it has the resource already. */
export function wantedInputs(goal: Goal, stated: Record<string, unknown> = {}): Record<string, unknown> {
  const { adds, updates, deletes } = goal.inputDiff;
  const kept = Object.entries(stated).filter(([key]) => !deletes.includes(key));
  return { ...Object.fromEntries(kept), ...adds, ...updates };
}

/** Whether a value, or a part of it, will be known only after the update. */
export function isUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(isUnknown);
}
