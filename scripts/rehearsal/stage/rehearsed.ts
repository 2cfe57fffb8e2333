import { STACKS } from "../../template.ts";

/** The clouds of a rehearsal have secrets for these alone. */
const REHEARSED: readonly string[] = STACKS;
const STACK_FILE = /^infra\/Pulumi\.([^.]+)\.yaml$/;
const WORKFLOW = /^\.github\/workflows\/(?:deploy|release)-(.+)-(?:dev|prod)\.yml$/;

/**
 * What of a repository is rehearsed: the project at its root, with `dev` and `prod`. Further projects and stacks are left out,
 * with the workflows that deploy them: a preview is of all stacks, and would ask for secrets that nobody has here.
 *
 * @param files of the repository, relative to it, with slashes
 */
export function rehearsedOf(files: readonly string[]): string[] {
  const projects = new Set(files.flatMap((file) => /^projects\/([^/]+)\//.exec(file)?.[1] ?? []));
  return files.filter((file) => {
    const [, stack] = STACK_FILE.exec(file) ?? [];
    const [, project] = WORKFLOW.exec(file) ?? [];
    return (
      !file.startsWith("projects/") &&
      (stack === undefined || REHEARSED.includes(stack)) &&
      (project === undefined || !projects.has(project))
    );
  });
}
