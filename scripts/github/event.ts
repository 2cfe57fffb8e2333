import { readFileSync } from "node:fs";
import { z } from "zod";
import { EXIT, messageOf, UserError } from "../errors.ts";
import type { RepositoryName } from "./client.ts";

/** What is the same for every event. */
export interface EventContext {
  repository: RepositoryName;
  /** `GITHUB_SHA`: for a pull request the test merge, not its head. */
  sha: string;
  /** `GITHUB_REF`, in full. */
  ref: string;
  runId: number;
  runAttempt: number;
  /** The run's page, of this very attempt. */
  runUrl: string;
  actor: string;
  serverUrl: string;
  apiUrl: string;
}

export interface PullRequestEvent extends EventContext {
  kind: "pull_request";
  /** `opened`, `synchronize`, `reopened`, `closed`, `labeled`, … */
  action: string;
  number: number;
  title: string;
  author: string;
  headSha: string;
  /** The head before this push; undefined where the event is none. */
  headBefore: string | undefined;
  headRef: string;
  baseSha: string;
  baseRef: string;
  /** The head is in another repository: the run has no secrets and its token can't write. */
  isFork: boolean;
  isDraft: boolean;
  /** True for `closed` by a merge. */
  isMerged: boolean;
  labels: string[];
}

export interface PushEvent extends EventContext {
  kind: "push";
  /** The commit before the push; 40 zeros for a new branch or tag. */
  before: string;
  /** The commit after the push; 40 zeros for a deleted branch or tag. */
  after: string;
  /** Exactly one of the two is there. */
  branch: string | undefined;
  tag: string | undefined;
}

export interface WorkflowDispatchEvent extends EventContext {
  kind: "workflow_dispatch";
  /** All as text, as they stand in the event file: a boolean input is `"true"` or `"false"`. */
  inputs: Record<string, string>;
}

export interface ScheduleEvent extends EventContext {
  kind: "schedule";
  cron: string;
}

/** A merge queue asks whether its commit, the base with the pull request on top, may become the base. */
export interface MergeGroupEvent extends EventContext {
  kind: "merge_group";
  headSha: string;
  baseSha: string;
  baseRef: string;
  /** The pull request that is last in the group; GitHub tells it only by the name of the queue's branch. */
  number: number | undefined;
}

export type GithubEvent =
  | PullRequestEvent
  | PushEvent
  | WorkflowDispatchEvent
  | ScheduleEvent
  | MergeGroupEvent;

const sha = z.string().regex(/^[0-9a-f]{40}$/, "is not a commit SHA");

const Environment = z.object({
  GITHUB_EVENT_NAME: z.string(),
  GITHUB_EVENT_PATH: z.string(),
  GITHUB_REPOSITORY: z.string().regex(/^[^/]+\/[^/]+$/, "is not owner/name"),
  GITHUB_SHA: sha,
  GITHUB_REF: z.string().startsWith("refs/"),
  GITHUB_RUN_ID: z.coerce.number().int().nonnegative(),
  GITHUB_RUN_ATTEMPT: z.coerce.number().int().positive().default(1),
  GITHUB_ACTOR: z.string().default(""),
  GITHUB_SERVER_URL: z.url().default("https://github.com"),
  GITHUB_API_URL: z.url().default("https://api.github.com"),
});

const Side = z.object({
  sha,
  ref: z.string(),
  repo: z.object({ full_name: z.string() }).nullish(),
});
const PullRequestFile = z.object({
  action: z.string(),
  before: sha.optional(),
  pull_request: z.object({
    number: z.number().int().positive(),
    title: z.string().default(""),
    draft: z.boolean().default(false),
    merged: z.boolean().nullish(),
    user: z.object({ login: z.string() }),
    labels: z.array(z.object({ name: z.string() })).default([]),
    head: Side,
    base: Side,
  }),
});
const PushFile = z.object({ ref: z.string().regex(/^refs\/(heads|tags)\/./), before: sha, after: sha });
const DispatchFile = z.object({
  inputs: z.record(z.string(), z.union([z.string(), z.boolean(), z.number(), z.null()])).nullish(),
});
const MergeGroupFile = z.object({
  merge_group: z.object({ head_sha: sha, head_ref: z.string(), base_sha: sha, base_ref: z.string() }),
});
const ScheduleFile = z.object({ schedule: z.string() });

/**
 * The event that started this run, from the environment and the event file that Actions gives every step
 * (https://docs.github.com/actions/reference/workflows-and-actions/variables). Undefined on a machine that is not a runner.
 *
 * @throws UserError `event-invalid` that names everything missing or ill-formed, `event-unsupported` for another event
 */
export function readEvent(env: NodeJS.ProcessEnv): GithubEvent | undefined {
  if (!env.GITHUB_EVENT_NAME) return undefined;
  const variables = parse(Environment, emptyAsMissing(env), "the environment");
  const [owner = "", name = ""] = variables.GITHUB_REPOSITORY.split("/");
  const server = variables.GITHUB_SERVER_URL.replace(/\/$/, "");
  const run = `${server}/${owner}/${name}/actions/runs/${variables.GITHUB_RUN_ID}`;
  const context: EventContext = {
    repository: { owner, name },
    sha: variables.GITHUB_SHA,
    ref: variables.GITHUB_REF,
    runId: variables.GITHUB_RUN_ID,
    runAttempt: variables.GITHUB_RUN_ATTEMPT,
    runUrl: variables.GITHUB_RUN_ATTEMPT === 1 ? run : `${run}/attempts/${variables.GITHUB_RUN_ATTEMPT}`,
    actor: variables.GITHUB_ACTOR,
    serverUrl: server,
    apiUrl: variables.GITHUB_API_URL.replace(/\/$/, ""),
  };
  const path = variables.GITHUB_EVENT_PATH;
  const file = readJson(path);
  const where = `the event file ${path}`;
  switch (variables.GITHUB_EVENT_NAME) {
    case "pull_request":
      return pullRequest(context, parse(PullRequestFile, file, where));
    case "push":
      return push(context, parse(PushFile, file, where));
    case "workflow_dispatch": {
      const inputs = Object.entries(parse(DispatchFile, file, where).inputs ?? {});
      const given = inputs.filter(([, value]) => value !== null).map(([key, value]) => [key, String(value)]);
      return { kind: "workflow_dispatch", ...context, inputs: Object.fromEntries(given) };
    }
    case "schedule":
      return { kind: "schedule", ...context, cron: parse(ScheduleFile, file, where).schedule };
    case "merge_group": {
      const { merge_group: group } = parse(MergeGroupFile, file, where);
      const number = /\/pr-(\d+)-[0-9a-f]+$/.exec(group.head_ref)?.[1];
      return {
        kind: "merge_group",
        ...context,
        headSha: group.head_sha,
        baseSha: group.base_sha,
        baseRef: group.base_ref.replace(/^refs\/heads\//, ""),
        number: number === undefined ? undefined : Number(number),
      };
    }
    default:
      throw new UserError(
        "event-unsupported",
        `The event ${variables.GITHUB_EVENT_NAME} starts nothing here.`,
        "Use one of pull_request, push, workflow_dispatch, merge_group and schedule in the workflow's `on:`.",
        EXIT.usage,
      );
  }
}

function pullRequest(context: EventContext, file: z.infer<typeof PullRequestFile>): PullRequestEvent {
  const { pull_request: pull, action } = file;
  return {
    kind: "pull_request",
    ...context,
    action,
    number: pull.number,
    title: pull.title,
    author: pull.user.login,
    headSha: pull.head.sha,
    headBefore: file.before,
    headRef: pull.head.ref,
    baseSha: pull.base.sha,
    baseRef: pull.base.ref,
    // `repo.fork` would be wrong where this repository is itself a fork; a deleted fork has no repository at all.
    isFork: pull.head.repo?.full_name !== `${context.repository.owner}/${context.repository.name}`,
    isDraft: pull.draft,
    isMerged: pull.merged === true,
    labels: pull.labels.map(({ name }) => name),
  };
}

function push(context: EventContext, file: z.infer<typeof PushFile>): PushEvent {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(file.ref) ?? [];
  return {
    kind: "push",
    ...context,
    ref: file.ref,
    before: file.before,
    after: file.after,
    branch: kind === "heads" ? name : undefined,
    tag: kind === "tags" ? name : undefined,
  };
}

function emptyAsMissing(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = messageOf(error);
    throw invalid(`The event file ${path} can't be read: ${reason}`);
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw invalid(`${where} does not describe an event:\n  ${problems.join("\n  ")}`);
}

function invalid(message: string): UserError {
  return new UserError(
    "event-invalid",
    message,
    "Run this in GitHub Actions, or set the variables and the event file as Actions does; unset GITHUB_EVENT_NAME to run it by hand.",
    EXIT.usage,
  );
}
