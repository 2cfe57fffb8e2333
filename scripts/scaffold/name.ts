import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";

/** What can be added. */
export type Kind = "worker" | "site" | "project";

/** The same rule as for a folder that the infrastructure takes for a Worker or a site: infra/src/repository.ts. */
const NAME = /^[a-z][a-z0-9-]{0,40}$/;
/** A Worker's name begins the paths that it answers; a shorter one would take too many. */
const SHORTEST_WORKER = 3;
/** First labels of hosts that the stack has already: infra/src/hosts.ts. */
const TAKEN_HOSTS = ["app", "server1", "server2"];

/**
 * Checks a new part's name before anything is written.
 *
 * @param root the folder of the project that it is added to; the repository's for a project
 * @param projects the names of the projects that there are
 * @param sameScript the Worker of another project that would be the same script at Cloudflare
 * @throws UserError `name-unfit`
 */
export function checkName(
  root: string,
  kind: Kind,
  name: string,
  { projects, sameScript }: { projects: readonly string[]; sameScript?: string | undefined },
): void {
  const problem =
    problemOf(root, kind, name) ??
    (kind === "project" ? problemBeside(projects, name) : undefined) ??
    (kind === "worker" && sameScript
      ? `at Cloudflare it would be the same script as ${sameScript}`
      : undefined);
  if (problem === undefined) return;
  throw new UserError(
    "name-unfit",
    `A ${kind} can't be called ${JSON.stringify(name)}: ${problem}.`,
    "Choose another name; nothing was written.",
    EXIT.usage,
  );
}

/** Names, tags and hosts begin with the project's name, and are told apart by it. */
function problemBeside(projects: readonly string[], name: string): string | undefined {
  const alike = projects.find(
    (other) => other === name || other.startsWith(`${name}-`) || name.startsWith(`${other}-`),
  );
  return alike === undefined
    ? undefined
    : `what is called by it could be taken for what is of the project ${alike}`;
}

function problemOf(root: string, kind: Kind, name: string): string | undefined {
  if (!NAME.test(name) || name.endsWith("-"))
    return "a name has lower-case letters, digits and dashes, at most 41, and begins with a letter";
  if (existsSync(join(root, `${kind}s`, name))) return "it is there already";
  if (kind === "project") {
    const stacks = existsSync(join(root, "infra")) ? readdirSync(join(root, "infra")) : [];
    const other = stacks.find((file) => file.startsWith(`Pulumi.${name}-`));
    if (other) return `infra/${other} would be one of its stacks`;
    if (stacks.includes(`Pulumi.${name}.yaml`))
      return `the stack ${name} has the hosts that its own would get`;
    return name.startsWith("v")
      ? "its tags would begin with a v, as those of the project at the root do"
      : undefined;
  }
  if (kind === "site") {
    return TAKEN_HOSTS.includes(name) ? `the stack has a host ${name} already` : undefined;
  }
  if (name.length < SHORTEST_WORKER)
    return `it answers every path that begins with /${name}, which are too many`;
  const workers = existsSync(join(root, "workers")) ? readdirSync(join(root, "workers")) : [];
  const other = workers.find((each) => each.startsWith(name) || name.startsWith(each));
  if (other) return `it would answer the paths of the Worker ${other}, or that one its own`;
  const files = existsSync(join(root, "sites", "www")) ? readdirSync(join(root, "sites", "www")) : [];
  const file = files.find((each) => each.startsWith(name));
  return file ? `it would answer in the place of www's /${file}` : undefined;
}
