import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../errors.ts";

const ProjectFile = z.object({ name: z.string().min(1) });
const StackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) });

/** The Pulumi project: its name, its folder, and its stacks, which are what has a `Pulumi.<stack>.yaml`. */
export interface Project {
  name: string;
  infraDir: string;
  stacks: string[];
}

/** @throws UserError `project-unreadable` */
export function readProject(root: string): Project {
  const infraDir = join(root, "infra");
  const stacks = readdirSync(infraDir)
    .flatMap((file) => /^Pulumi\.([A-Za-z0-9-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
  const parsed = ProjectFile.safeParse(parse(readFileSync(join(infraDir, "Pulumi.yaml"), "utf8")));
  if (!parsed.success) {
    throw new UserError(
      "project-unreadable",
      "infra/Pulumi.yaml has no name.",
      "Give it one: `name: quayside`.",
      2,
    );
  }
  return { name: parsed.data.name, infraDir, stacks };
}

/** @throws UserError `stack-unknown` that lists the stacks that are there */
export function requireStack(project: Project, stack: string | undefined): string {
  if (stack !== undefined && project.stacks.includes(stack)) return stack;
  throw new UserError(
    "stack-unknown",
    stack === undefined ? "No stack was named." : `There is no stack ${stack}.`,
    `Name one of: ${project.stacks.join(", ")}. A file infra/Pulumi.<stack>.yaml makes a new one.`,
    2,
  );
}

/** One plain value of a stack's configuration, as text; undefined where the file has none. */
export function stackSetting(project: Project, stack: string, key: string): string | undefined {
  const file = StackFile.parse(
    parse(readFileSync(join(project.infraDir, `Pulumi.${stack}.yaml`), "utf8")) ?? {},
  );
  const value = file.config[`${project.name}:${key}`];
  return value === undefined || typeof value === "object" ? undefined : String(value);
}
