import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EXIT, messageOf, UserError } from "../errors.ts";
import { type Git, lines } from "./git.ts";

/** Below the repository's root, and committed: which template this repository was made from, and up to which commit of it. */
export const TEMPLATE_FILE = ".template.json";

const Template = z.object({
  /** What git fetches from. */
  from: z.string().min(1),
  /** The template's commit that everything here is based on. */
  base: z.string().regex(/^[0-9a-f]{40}$/, "40 hexadecimal digits"),
});
export type Template = z.infer<typeof Template>;

/** @throws UserError `upgrade-source` for a file that can't be read */
export function readTemplate(root: string): Template | undefined {
  let text: string;
  try {
    text = readFileSync(join(root, TEMPLATE_FILE), "utf8");
  } catch {
    return undefined;
  }
  try {
    return Template.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(
      "upgrade-source",
      `${TEMPLATE_FILE} can't be read: ${messageOf(error)}`,
      'It has two fields, { "from": "<address of the template>", "base": "<commit of it>" }.',
      EXIT.usage,
    );
  }
}

export function writeTemplate(root: string, template: Template): void {
  writeFileSync(join(root, TEMPLATE_FILE), `${JSON.stringify(template, undefined, 2)}\n`);
}

/**
 * The template's commit that a repository was made from, where nobody has written it down: “Use this template” copies the files of one
 * commit into a first one without a parent, so that the two have the same tree.
 *
 * @param upstream the template's newest commit
 * @returns undefined where the repository did not begin with a copy of the template, or has changed it since in its first commit
 */
export async function findBase(git: Git, upstream: string): Promise<string | undefined> {
  const related = await git.ask("merge-base", "HEAD", upstream);
  if (related.ok) return related.text;
  const roots = lines(await git.run("log", "--max-parents=0", "--format=%T", "HEAD"));
  const commits = lines(await git.run("log", "--format=%H %T", upstream));
  return commits.find((line) => roots.some((tree) => line.endsWith(` ${tree}`)))?.split(" ")[0];
}
