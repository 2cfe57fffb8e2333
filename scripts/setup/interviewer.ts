import type { Question } from "./question.ts";
import type { Action, Step } from "./step.ts";

/** Who answers: a person at a terminal, a file, or nobody. */
export interface Interviewer {
  /** What was said beforehand, whatever an earlier run remembers or a provider tells. */
  insists(question: Question): string | undefined;
  /**
   * @param complaint what was wrong with the answer before
   * @returns undefined where nobody answers
   */
  answer(
    question: Question,
    suggestion: string | undefined,
    complaint: string | undefined,
  ): Promise<string | undefined>;
  /** Whether to do what was shown. */
  agree(step: Step, actions: readonly Action[]): Promise<boolean>;
}

/** For `--check` and `doctor`: nothing is asked, nothing is done. What may be left out is taken as left out. */
export const nobody: Interviewer = {
  insists: () => undefined,
  answer: async ({ optional }, _suggestion, complaint) =>
    optional && complaint === undefined ? "" : undefined,
  agree: async () => false,
};
