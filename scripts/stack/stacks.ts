import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { EXIT, messageOf, UserError } from "../errors.ts";
import { scriptsOf } from "./script-names.ts";

const ProjectFile = z.object({ name: z.string().min(1) });
const StackFile = z.object({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();
/** Where further projects of the repository are, a folder each. */
const FURTHER = "projects";

/** One Pulumi project of the repository: a folder with its infrastructure, Workers and sites. */
export interface Home {
  /** The name in its Pulumi.yaml: the namespace of its configuration, and part of the names of its resources. */
  project: string;
  /** The folder of `infra/`, `workers/` and `sites/`, absolute. */
  dir: string;
  /** The folder of Pulumi.yaml, absolute. */
  infraDir: string;
  /** What the names of its stacks and its release tags begin with: nothing at the root, `shop-` in `projects/shop`. */
  prefix: string;
  /** A stack is what has a `Pulumi.<stack>.yaml`. */
  stacks: string[];
}

/** The repository: the project at its root, those in `projects/`, and the stacks of all of them. */
export interface Project {
  /** The name of the project at the root, which secrets, roles and databases of all stacks are called by. */
  name: string;
  root: string;
  homes: readonly [Home, ...Home[]];
  /** The stacks of all projects, those of the root's first. */
  stacks: string[];
}

/** @throws UserError `project-unreadable`, `project-name`, `stack-name`, `worker-name` */
export function readProject(root: string): Project {
  const first = readHome(root, "");
  const further = join(root, FURTHER);
  const others = (existsSync(further) ? readdirSync(further).sort() : [])
    .filter((name) => existsSync(join(further, name, "infra", "Pulumi.yaml")))
    .map((name) => readHome(join(further, name), `${name}-`));
  const homes: Project["homes"] = [first, ...others];
  const misnamed = others.flatMap(({ prefix, dir, stacks }) =>
    stacks
      .filter((stack) => !stack.startsWith(prefix) || first.stacks.includes(stack))
      .map((stack) => `${join(relative(root, dir), "infra", stackFileName(stack))} (${prefix}…)`),
  );
  const twice = others.find((home) => homes.find(({ project }) => project === home.project) !== home);
  if (twice)
    throw new UserError(
      "project-name",
      `Two projects of the repository are called ${twice.project}; the second is ${relative(root, twice.dir)}.`,
      `Give each Pulumi.yaml a name of its own, ${basename(twice.dir)} for that one: resources are called by it.`,
      EXIT.usage,
    );
  if (misnamed.length > 0)
    throw new UserError(
      "stack-name",
      `The stacks of a project in ${FURTHER}/ begin with the name of its folder, and no two stacks have the same name: ${misnamed.join(", ")}.`,
      "Rename the file; a stack that is up keeps its state under the new name with `pulumi stack rename`.",
      EXIT.usage,
    );
  const folders = new Map<string, string>();
  for (const { stem, folder } of others.length > 0 ? scriptsOf(root, homes) : []) {
    const same = folders.get(stem);
    if (same !== undefined)
      throw new UserError(
        "worker-name",
        `${folder} and ${same} would be the same script at Cloudflare: ${stem}….`,
        "Rename the one that was not deployed yet: its folder, and `name` in its wrangler.jsonc.",
        EXIT.usage,
      );
    folders.set(stem, folder);
  }
  return { name: first.project, root, homes, stacks: homes.flatMap(({ stacks }) => stacks) };
}

function readHome(dir: string, prefix: string): Home {
  const infraDir = join(dir, "infra");
  const { name: project } = readYaml(join(infraDir, "Pulumi.yaml"), ProjectFile);
  const stacks = readdirSync(infraDir)
    .flatMap((file) => /^Pulumi\.([A-Za-z0-9-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
  return { project, dir, infraDir, prefix, stacks };
}

/** The project that a stack belongs to. */
export function homeOf({ homes }: Project, stack: string): Home {
  return homes.find(({ stacks }) => stacks.includes(stack)) ?? homes[0];
}

/** What a stack is within its project: `dev` of `shop-dev`. */
export function stageOf(project: Project, stack: string): string {
  return stack.slice(homeOf(project, stack).prefix.length);
}

/** Another stack of the same project: `shop-dev` beside `shop-prod`. */
export function besideOf(project: Project, stack: string, stage: string): string {
  return `${homeOf(project, stack).prefix}${stage}`;
}

/** A stack's file, relative to the repository. */
export function stackFile(project: Project, stack: string): string {
  return relative(project.root, join(homeOf(project, stack).infraDir, stackFileName(stack)));
}

function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** @throws UserError `stack-unknown` that lists the stacks that are there */
export function requireStack(project: Project, stack: string | undefined): string {
  if (stack !== undefined && project.stacks.includes(stack)) return stack;
  throw new UserError(
    "stack-unknown",
    stack === undefined ? "No stack was named." : `There is no stack ${stack}.`,
    `Name one of: ${project.stacks.join(", ")}. A file infra/Pulumi.<stack>.yaml makes a new one.`,
    EXIT.usage,
  );
}

/**
 * One plain value of a stack's configuration, as text; undefined where the file has none. A key without a namespace is the
 * program's; the pipeline's own are `pipeline:…`.
 *
 * @throws UserError `project-unreadable`
 */
export function stackSetting(project: Project, stack: string, key: string): string | undefined {
  const value = stackValue(project, stack, key);
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

/** A list or an object of a stack's configuration, as it stands there; undefined where the file has none. */
export function stackValue(project: Project, stack: string, key: string): unknown {
  const home = homeOf(project, stack);
  const file = readYaml(join(home.infraDir, stackFileName(stack)), StackFile);
  return file?.config?.[key.includes(":") ? key : `${home.project}:${key}`];
}

function readYaml<T>(file: string, schema: z.ZodType<T>): T {
  let problem: string;
  try {
    const parsed = schema.safeParse(parse(readFileSync(file, "utf8")));
    if (parsed.success) return parsed.data;
    problem = z.prettifyError(parsed.error);
  } catch (error) {
    problem = messageOf(error);
  }
  throw new UserError(
    "project-unreadable",
    `${file} can't be read: ${problem}`,
    "Mend the file; https://www.pulumi.com/docs/iac/concepts/projects/ says what belongs into it.",
    EXIT.usage,
  );
}
