import { confirm, isCancel, password, select, text } from "@clack/prompts";
import { UserError } from "../errors.ts";
import type { Interviewer } from "./interviewer.ts";
import type { Question } from "./question.ts";

/** A person at a terminal. Prompts are written to stderr, so that stdout stays for the result. */
export function terminal(say: (text: string) => void): Interviewer {
  const output = process.stderr;
  return {
    insists: () => undefined,
    async answer(question, suggestion, complaint) {
      if (complaint !== undefined) say(`  ✗ ${complaint.replaceAll("\n", "\n    ")}`);
      else say(`\n  ${question.purpose}${question.link ? `\n  ${question.link}` : ""}`);
      return given<string>(await prompt(question, suggestion, output));
    },
    async agree(_step, actions) {
      const message = actions.length === 1 ? "Do it?" : `Do these ${actions.length} things?`;
      return given<boolean>(await confirm({ message, output }));
    },
  };
}

function prompt(question: Question, suggestion: string | undefined, output: NodeJS.WriteStream) {
  const message = `${question.text}${question.optional ? " (Enter leaves it out)" : ""}`;
  if (question.choices) {
    const options = question.choices.map(({ value, text: label }) => ({ value, label }));
    return select({
      message,
      options,
      output,
      ...(suggestion === undefined ? {} : { initialValue: suggestion }),
    });
  }
  if (question.secret) return password({ message, output });
  return text({
    message,
    output,
    ...(suggestion === undefined ? {} : { placeholder: suggestion, defaultValue: suggestion }),
  });
}

/** @throws UserError `interrupted` for Ctrl-C and Escape */
function given<T extends string | boolean>(answer: T | symbol): T {
  if (!isCancel(answer) && typeof answer !== "symbol") return answer;
  throw new UserError(
    "interrupted",
    "Stopped.",
    "Run npm run setup again: it goes on where this one stopped. Tokens are asked for again, unless an environment keeps them already.",
  );
}
