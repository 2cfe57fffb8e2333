import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { EXIT, messageOf, UserError } from "../errors.ts";

const ProjectFile = z.object({ name: z.string().min(1) });
const StackFile = z.object({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();

/** The Pulumi project: its name, its folder, and its stacks, which are what has a `Pulumi.<stack>.yaml`. */
export interface Project {
  name: string;
  infraDir: string;
  stacks: string[];
}

/** @throws UserError `project-unreadable` */
export function readProject(root: string): Project {
  const infraDir = join(root, "infra");
  const { name } = readYaml(join(infraDir, "Pulumi.yaml"), ProjectFile);
  const stacks = readdirSync(infraDir)
    .flatMap((file) => /^Pulumi\.([A-Za-z0-9-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
  return { name, infraDir, stacks };
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
  const file = readYaml(join(project.infraDir, `Pulumi.${stack}.yaml`), StackFile);
  return file?.config?.[key.includes(":") ? key : `${project.name}:${key}`];
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
