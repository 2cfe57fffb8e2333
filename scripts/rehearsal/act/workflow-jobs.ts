import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const Levels = z.record(z.string(), z.string());
const Step = z.looseObject({ uses: z.string().optional() });
const Job = z.looseObject({
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  permissions: Levels.default({}),
  environment: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
  "runs-on": z.string().optional(),
  steps: z.array(Step).default([]),
});
const Filters = z.object({
  types: z.array(z.string()).optional(),
  branches: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
});
const Workflow = z.looseObject({
  on: z.record(z.string(), z.union([Filters, z.unknown()])),
  jobs: z.record(z.string(), Job),
});
const Composite = z.object({ runs: z.object({ steps: z.array(Step).default([]) }) });

/** What GitHub knows of a job before its first step, and act tells nobody. */
export interface JobTerms {
  environment?: string;
  permissions: Record<string, string>;
  /** `owner/name/path@ref` of the file that the job stands in, for its identity tokens. */
  workflow: string;
}

export interface WorkflowTerms {
  jobs: Record<string, JobTerms>;
  /** `owner/name@commit` of each action of somebody else that the run may use. */
  actions: string[];
  /** Labels of the runners that it asks for. */
  runners: string[];
}

/**
 * Reads what a workflow file grants its jobs, those of the reusable workflows that it calls included.
 *
 * @param root the checkout that the file is read from
 * @param path `.github/workflows/deploy-dev.yml`
 * @param where `owner/name` and the ref of the run
 * @param inputs of a workflow_dispatch
 */
export function readTerms(
  root: string,
  path: string,
  where: { repository: string; ref: string },
  inputs: Record<string, string>,
): WorkflowTerms {
  const { jobs } = Workflow.parse(parse(readFileSync(join(root, path), "utf8")));
  const terms: WorkflowTerms = { jobs: {}, actions: [], runners: [] };
  for (const [id, job] of Object.entries(jobs)) {
    const called = job.uses;
    if (called !== undefined) {
      const given = Object.fromEntries(
        Object.entries(job.with).map(([name, value]) => [name, fill(String(value), inputs)]),
      );
      const inner = readTerms(root, called.replace(/^\.\//, ""), where, given);
      for (const [innerId, innerTerms] of Object.entries(inner.jobs)) add(terms, innerId, innerTerms, path);
      terms.actions.push(...inner.actions);
      terms.runners.push(...inner.runners);
      continue;
    }
    add(
      terms,
      id,
      {
        ...(job.environment === undefined ? {} : { environment: fill(job.environment, inputs) }),
        permissions: job.permissions,
        workflow: `${where.repository}/${path}@${where.ref}`,
      },
      path,
    );
    terms.actions.push(...actionsOf(root, job.steps));
    terms.runners.push(job["runs-on"] ?? "");
  }
  return { ...terms, actions: [...new Set(terms.actions)], runners: [...new Set(terms.runners)] };
}

/** Two jobs of one id, from two calls of a reusable workflow, can only be told apart where they are granted the same. */
function add(terms: WorkflowTerms, id: string, job: JobTerms, path: string): void {
  const known = terms.jobs[id];
  if (known && JSON.stringify(known) !== JSON.stringify(job))
    throw new Error(`${path} has two jobs ${id} on different terms; act names them the same`);
  terms.jobs[id] = job;
}

function actionsOf(root: string, steps: z.infer<typeof Step>[]): string[] {
  return steps.flatMap(({ uses }) => {
    if (uses === undefined) return [];
    if (!uses.startsWith("./")) return [uses];
    const { runs } = Composite.parse(parse(readFileSync(join(root, uses, "action.yml"), "utf8")));
    return actionsOf(root, runs.steps);
  });
}

/** Of GitHub's expressions only inputs can stand where terms are granted: everything else would be decided by the run. */
function fill(text: string, inputs: Record<string, string>): string {
  return text.replace(/\$\{\{\s*inputs\.([\w-]+)\s*\}\}/g, (_, name: string) => inputs[name] ?? "");
}

/**
 * Whether GitHub would start a workflow for an event: act runs one for any event that is named to it, whatever its filters
 * say. A filter matches with `*` for anything but a slash and `**` for anything.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#on
 */
export function isStartedBy(
  root: string,
  path: string,
  event: { name: string; ref: string; action?: string },
): boolean {
  const { on } = Workflow.parse(parse(readFileSync(join(root, path), "utf8")));
  if (!(event.name in on)) return false;
  const { types, branches, tags } = Filters.safeParse(on[event.name] ?? {}).data ?? {};
  if (event.name === "pull_request")
    return (types ?? ["opened", "synchronize", "reopened"]).includes(event.action ?? "");
  if (event.name !== "push") return true;
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.+)$/.exec(event.ref) ?? [];
  const filter = kind === "tags" ? tags : branches;
  // With a filter for the one kind only, the other kind starts nothing.
  if (filter === undefined) return branches === undefined && tags === undefined;
  return filter.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .split("**")
    .map((part) =>
      part
        .split("*")
        .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
        .join("[^/]*"),
    )
    .join(".*");
  return new RegExp(`^${expression}$`).test(name);
}
