import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Use } from "../secret-places.ts";

/**
 * A job of the workflows that opens ESC, by what GitHub says of it in its identity token. No policy leans on the subject
 * alone: `…:pull_request` is any job of any pull request.
 * https://docs.github.com/actions/reference/security/oidc
 */
export interface TrustedJob {
  /** For people: `preview.yml on pull_request`. */
  job: string;
  /** The workflow that was started, and the one that has the job where that is another. */
  workflow: string;
  jobWorkflow: string;
  /** What is left of the subject after its prefix. */
  context: string;
  /** Where the commit comes from, with the wildcard `*`. */
  ref: string;
  event: string;
  /** The stack whose own environment it opens; without one it opens what only reads, of all stacks. */
  stack: string | undefined;
}

export function useOf(job: TrustedJob): Use {
  return job.stack === undefined ? "preview" : "deploy";
}

const Trigger = z.object({ branches: z.array(z.string()).optional(), tags: z.array(z.string()).optional() });
const Job = z.object({
  permissions: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  uses: z.string().optional(),
  environment: z.union([z.string(), z.object({ name: z.string() })]).optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const Workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  jobs: z.record(z.string(), Job),
});
type Workflow = z.infer<typeof Workflow>;
const Choice = z.object({
  inputs: z.record(z.string(), z.object({ options: z.array(z.string()).optional() })).optional(),
});

/**
 * Every job of the workflows that may ask for an identity token, once for each event that can start it. What runs in a
 * GitHub Environment deploys the stack of that name; what runs without one gets what reads.
 */
export function trustedJobs(root: string): TrustedJob[] {
  const folder = join(root, ".github", "workflows");
  return readdirSync(folder)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .flatMap((file) => {
      const workflow = Workflow.safeParse(parse(readFileSync(join(folder, file), "utf8")));
      return workflow.success ? jobsOf(file, workflow.data) : [];
    });
}

function jobsOf(file: string, workflow: Workflow): TrustedJob[] {
  const asking = Object.values(workflow.jobs).filter(
    ({ permissions }) => typeof permissions === "object" && permissions["id-token"] === "write",
  );
  const places = asking.flatMap((job) => {
    const jobWorkflow = /^\.\/\.github\/workflows\/(.+)$/.exec(job.uses ?? "")?.[1] ?? file;
    return stacksOf(job, workflow).map((stack) => ({ jobWorkflow, stack }));
  });
  const jobs = sourcesOf(workflow).flatMap(({ event, ref }) =>
    places.map(({ jobWorkflow, stack }): TrustedJob => {
      const context =
        stack !== undefined
          ? `environment:${stack}`
          : event === "pull_request"
            ? "pull_request"
            : `ref:${ref}`;
      const what = stack === undefined ? "" : `, ${stack}`;
      return { job: `${file} on ${event}${what}`, workflow: file, jobWorkflow, context, ref, event, stack };
    }),
  );
  return [...new Map(jobs.map((job) => [JSON.stringify(job), job])).values()];
}

/** The stacks that a job may write to; one undefined for a job that writes to none. */
function stacksOf(job: z.infer<typeof Job>, workflow: Workflow): (string | undefined)[] {
  const named = typeof job.environment === "object" ? job.environment.name : job.environment;
  const stack = named ?? job.with?.stack;
  if (typeof stack !== "string") return [undefined];
  const input = /^\$\{\{\s*inputs\.([\w-]+)\s*\}\}$/.exec(stack)?.[1];
  if (input === undefined) return [stack];
  return Choice.safeParse(workflow.on.workflow_dispatch).data?.inputs?.[input]?.options ?? [];
}

/** The events that start a workflow, with where their commits come from. */
function sourcesOf({ on }: Workflow): { event: string; ref: string }[] {
  const tag = Trigger.safeParse(on.push).data?.tags?.[0];
  return Object.entries(on).flatMap(([event, settings]): { event: string; ref: string }[] => {
    switch (event) {
      case "pull_request":
        return [{ event, ref: "refs/pull/*/merge" }];
      case "push": {
        const { branches = [], tags = [] } = Trigger.safeParse(settings).data ?? {};
        return [
          ...branches.map((name) => ({ event, ref: `refs/heads/${name}` })),
          ...tags.map((name) => ({ event, ref: `refs/tags/${name}` })),
        ];
      }
      case "merge_group":
        return [{ event, ref: "refs/heads/gh-readonly-queue/main/*" }];
      case "schedule":
        return [{ event, ref: "refs/heads/main" }];
      case "workflow_dispatch":
        // By hand a workflow of tags is started on one, any other on main.
        return [{ event, ref: tag === undefined ? "refs/heads/main" : `refs/tags/${tag}` }];
      default:
        return [];
    }
  });
}
