import { UserError } from "../errors.ts";
import { type Bench, Unanswered } from "./bench.ts";
import { type Interviewer, nobody } from "./interviewer.ts";
import type { Step } from "./step.ts";

/** How one step ended. */
export interface StepResult {
  step: string;
  /** `left`: there is something to do, and it was not done (`--check`, or a person's no). `unknown`: nobody answered. */
  state: "nothing-to-do" | "done" | "left" | "unknown";
  /** What was to do, each a line. */
  actions: string[];
}

/**
 * Runs steps in their order. What is missing is shown, done when the interviewer agrees, and looked for once more.
 *
 * @throws UserError of a step that can't go on; `setup-not-done` where a provider took a change and does not show it
 */
export async function runSteps(
  bench: Bench,
  steps: readonly Step[],
  interviewer: Interviewer,
): Promise<StepResult[]> {
  const { reporter, signal } = bench.context;
  const results: StepResult[] = [];
  for (const step of steps) {
    signal.throwIfAborted();
    reporter.say(`\n${step.title}\n  ${step.purpose}`);
    const result = await runStep(bench, step, interviewer).catch((error: unknown) => {
      if (!(error instanceof Unanswered) || interviewer !== nobody) throw error;
      return { step: step.name, state: "unknown", actions: [error.message] } satisfies StepResult;
    });
    reporter.say(`  ${tell(result)}`);
    results.push(result);
  }
  return results;
}

async function runStep(bench: Bench, step: Step, interviewer: Interviewer): Promise<StepResult> {
  const { reporter } = bench.context;
  const actions = await step.find(bench);
  const tells = actions.map((action) => action.tells);
  if (actions.length === 0) return { step: step.name, state: "nothing-to-do", actions: [] };
  for (const text of tells) reporter.say(`  + ${text}`);
  if (!(await interviewer.agree(step, actions))) return { step: step.name, state: "left", actions: tells };
  for (const action of actions) {
    bench.context.signal.throwIfAborted();
    await reporter.step(`  ${action.tells}`, () => action.do());
  }
  const left = await step.find(bench);
  if (left.length > 0)
    throw new UserError(
      "setup-not-done",
      `${step.title}: done, and still missing: ${left.map((action) => action.tells).join("; ")}.`,
      "Run npm run setup again in a minute: some providers need a moment. If it stays, look at that provider's own page.",
    );
  return { step: step.name, state: "done", actions: tells };
}

function tell({ state, actions }: StepResult): string {
  switch (state) {
    case "nothing-to-do":
      return "as it should be";
    case "done":
      return `done: ${actions.length === 1 ? "one thing" : `${actions.length} things`}`;
    case "left":
      return `left to do: ${actions.length}`;
    case "unknown":
      return `can't be looked at: ${actions[0]}`;
  }
}
