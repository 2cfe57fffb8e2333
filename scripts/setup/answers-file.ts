import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { EXIT, messageOf, UserError } from "../errors.ts";
import type { Interviewer } from "./interviewer.ts";

const File = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]));

/**
 * Answers from a YAML file, `question: answer`, for a set-up without a terminal. `${NAME}` in an answer is replaced by that
 * variable of the environment, so that the file needs no secret. A list becomes a text with commas.
 *
 * @param names the questions that there are
 * @throws UserError `setup-answers` for a file that can't be read, a name that no question has, a variable that is not set
 */
export function answersFile(path: string, names: readonly string[], env: NodeJS.ProcessEnv): Interviewer {
  const answers = read(path);
  const strange = Object.keys(answers).filter((name) => !names.includes(name));
  if (strange.length > 0)
    throw problem(path, `no question is called ${strange.join(", ")}; there are ${names.join(", ")}`);
  const said = (name: string): string | undefined => {
    const answer = answers[name];
    if (answer === undefined) return undefined;
    return (Array.isArray(answer) ? answer.join(",") : String(answer)).replaceAll(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
      (_whole, variable: string) => {
        const value = env[variable];
        if (value === undefined)
          throw problem(path, `${name} names the variable ${variable}, which is not set`);
        return value;
      },
    );
  };
  return {
    insists: ({ name }) => said(name),
    async answer({ name, text, optional }, suggestion, complaint) {
      if (complaint !== undefined)
        throw new UserError(
          "setup-answer-wrong",
          `${text} (${name}): ${complaint}`,
          `Mend ${name} in ${path}, then run the same command again: it goes on where it stopped.`,
          EXIT.usage,
        );
      return said(name) ?? suggestion ?? (optional ? "" : undefined);
    },
    agree: async () => true,
  };
}

function read(path: string): z.infer<typeof File> {
  try {
    const parsed = File.safeParse(parse(readFileSync(path, "utf8")) ?? {});
    if (parsed.success) return parsed.data;
    throw new Error(z.prettifyError(parsed.error));
  } catch (error) {
    throw problem(path, messageOf(error));
  }
}

function problem(path: string, what: string): UserError {
  return new UserError(
    "setup-answers",
    `The answers in ${path} can't be used: ${what}.`,
    "Write one line for each question, `name: answer`; npm run setup -- --questions lists them with what they are for.",
    EXIT.usage,
  );
}
