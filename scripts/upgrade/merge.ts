import type { Git } from "./git.ts";
import { TEMPLATE_FILE, type Template, writeTemplate } from "./template.ts";

/**
 * Merges the template's newest commit on a branch of its own. Where all comes together the merge is committed; where it does not, it is
 * left open, with git's marks in the files.
 *
 * @param link what is merged into, {@link linkTo}
 */
export async function merge(
  git: Git,
  root: string,
  { branch, link, template }: { branch: string; link: string; template: Template },
): Promise<"merged" | "open"> {
  await git.run("switch", "--quiet", "--create", branch);
  // The link has the files of the commit before it, so that nothing moves in the folder.
  await git.run("reset", "--quiet", "--soft", link);
  const message = `Bring in the template's changes up to ${template.base.slice(0, 7)}`;
  const { ok } = await git.ask("merge", "--no-ff", "--no-commit", "--quiet", "-m", message, template.base);
  writeTemplate(root, template);
  await git.run("add", TEMPLATE_FILE);
  if (!ok) return "open";
  await git.run("commit", "--quiet", "--no-edit", "-m", message);
  return "merged";
}
