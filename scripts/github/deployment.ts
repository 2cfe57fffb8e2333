import pLimit from "p-limit";
import { z } from "zod";
import type { Github } from "./client.ts";
import { createOnce } from "./once.ts";

export type DeploymentState =
  | "error"
  | "failure"
  | "inactive"
  | "in_progress"
  | "queued"
  | "pending"
  | "success";

export interface NewDeployment {
  /** A commit, branch or tag; the release's commit, so that GitHub shows what is where. */
  ref: string;
  environment: string;
  /** Tells deployments of one kind from others of the same environment, which Actions makes too. Default `deploy`. */
  task?: string;
  description?: string;
  payload: Record<string, unknown>;
  /** Whether people use it: GitHub marks it, and keeps earlier successful ones active. Default false. */
  production?: boolean;
}

export interface NewDeploymentStatus {
  state: DeploymentState;
  /** Cut to GitHub's 140 characters. */
  description?: string;
  environmentUrl?: string;
  logUrl?: string;
}

export interface Deployment<Payload> {
  id: number;
  sha: string;
  ref: string;
  environment: string;
  task: string;
  createdAt: string;
  creator: string;
  payload: Payload;
  /** The newest status; undefined before the first. */
  state: string | undefined;
  /** Whether it was ever successful: a later deployment turns the state to `inactive`. */
  succeeded: boolean;
}

const Created = z.object({ id: z.number() });
const Listed = z.object({
  id: z.number(),
  sha: z.string(),
  ref: z.string(),
  environment: z.string(),
  task: z.string(),
  created_at: z.string(),
  creator: z.object({ login: z.string() }).nullish(),
  payload: z.unknown(),
});
type Listed = z.infer<typeof Listed>;
const Statuses = z.array(z.object({ state: z.string() }));

const DESCRIPTION_MAX = 140;
const PARALLEL = 6;

/**
 * Makes a deployment of exactly that commit: GitHub's default of merging the default branch in first, and of waiting for
 * commit statuses, are off. https://docs.github.com/rest/deployments/deployments#create-a-deployment
 */
export async function createDeployment(github: Github, deployment: NewDeployment): Promise<{ id: number }> {
  const create = async (): Promise<{ id: number }> => {
    const { data } = await github.request("POST /repos/{owner}/{repo}/deployments", {
      ...github.at,
      ref: deployment.ref,
      environment: deployment.environment,
      task: deployment.task ?? "deploy",
      auto_merge: false,
      required_contexts: [],
      payload: deployment.payload,
      production_environment: deployment.production ?? false,
      ...(deployment.description !== undefined && { description: cut(deployment.description) }),
    });
    return Created.parse(data);
  };
  const wanted = JSON.stringify(deployment.payload);
  return createOnce(github, create, async () => {
    const { data } = await github.request("GET /repos/{owner}/{repo}/deployments", {
      ...github.at,
      environment: deployment.environment,
      task: deployment.task ?? "deploy",
      per_page: 10,
    });
    return z
      .array(Listed)
      .parse(data)
      .find((found) => JSON.stringify(readPayload(found)) === wanted);
  });
}

/** https://docs.github.com/rest/deployments/statuses#create-a-deployment-status */
export async function setDeploymentStatus(
  github: Github,
  id: number,
  status: NewDeploymentStatus,
): Promise<void> {
  const create = async (): Promise<true> => {
    await github.request("POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", {
      ...github.at,
      deployment_id: id,
      state: status.state,
      ...(status.description !== undefined && { description: cut(status.description) }),
      ...(status.environmentUrl !== undefined && { environment_url: status.environmentUrl }),
      ...(status.logUrl !== undefined && { log_url: status.logUrl }),
    });
    return true;
  };
  await createOnce(github, create, async () =>
    (await statesOf(github, id))[0] === status.state ? true : undefined,
  );
}

/** Only an inactive deployment can be deleted: https://docs.github.com/rest/deployments/deployments#delete-a-deployment */
export async function deleteDeployment(github: Github, id: number): Promise<void> {
  await github.request("DELETE /repos/{owner}/{repo}/deployments/{deployment_id}", {
    ...github.at,
    deployment_id: id,
  });
}

/**
 * The newest deployments of an environment, newest first, as far as their payload fits the schema: a job with
 * `environment:` makes deployments of its own, with an empty payload, and those are none of ours.
 *
 * @param options.limit how many at most
 * @param options.task only those of this task
 */
export async function listDeployments<Payload>(
  github: Github,
  environment: string,
  options: { limit: number; payload: z.ZodType<Payload>; task?: string },
): Promise<Deployment<Payload>[]> {
  const found: { listed: Listed; payload: Payload }[] = [];
  for await (const each of walk(github, environment, options)) {
    found.push(each);
    if (found.length >= options.limit) break;
  }
  const atOnce = pLimit(PARALLEL);
  return Promise.all(found.map((each) => atOnce(() => withState(github, each))));
}

/** The payloads alone, newest first: one call a page instead of one more for each deployment's statuses. */
export async function listPayloads<Payload>(
  github: Github,
  environment: string,
  options: { limit: number; payload: z.ZodType<Payload>; task?: string },
): Promise<Payload[]> {
  const payloads: Payload[] = [];
  for await (const { payload } of walk(github, environment, options)) {
    payloads.push(payload);
    if (payloads.length >= options.limit) break;
  }
  return payloads;
}

/** The newest deployment of an environment that was successful, whether or not it still stands. */
export async function latestSuccessfulDeployment<Payload>(
  github: Github,
  environment: string,
  options: { payload: z.ZodType<Payload>; task?: string },
): Promise<Deployment<Payload> | undefined> {
  for await (const each of walk(github, environment, options)) {
    const deployment = await withState(github, each);
    if (deployment.succeeded) return deployment;
  }
  return undefined;
}

async function* walk<Payload>(
  github: Github,
  environment: string,
  options: { payload: z.ZodType<Payload>; task?: string; limit?: number },
): AsyncGenerator<{ listed: Listed; payload: Payload }> {
  const pages = github.paginate.iterator("GET /repos/{owner}/{repo}/deployments", {
    ...github.at,
    environment,
    ...(options.task !== undefined && { task: options.task }),
    per_page: Math.min(100, Math.max(10, options.limit ?? 30)),
  });
  for await (const { data } of pages)
    for (const listed of z.array(Listed).parse(data)) {
      const payload = options.payload.safeParse(readPayload(listed));
      if (payload.success) yield { listed, payload: payload.data };
    }
}

async function withState<Payload>(
  github: Github,
  { listed, payload }: { listed: Listed; payload: Payload },
): Promise<Deployment<Payload>> {
  const states = await statesOf(github, listed.id);
  return {
    id: listed.id,
    sha: listed.sha,
    ref: listed.ref,
    environment: listed.environment,
    task: listed.task,
    createdAt: listed.created_at,
    creator: listed.creator?.login ?? "",
    payload,
    state: states[0],
    succeeded: states.includes("success"),
  };
}

/** Newest first. */
async function statesOf(github: Github, deployment: number): Promise<string[]> {
  const { data } = await github.request("GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", {
    ...github.at,
    deployment_id: deployment,
    per_page: 100,
  });
  return Statuses.parse(data).map(({ state }) => state);
}

/** GitHub hands a payload back as an object or as the JSON text that it was. */
function readPayload(listed: Listed): unknown {
  if (typeof listed.payload !== "string") return listed.payload;
  try {
    return JSON.parse(listed.payload);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length <= DESCRIPTION_MAX ? text : `${text.slice(0, DESCRIPTION_MAX - 1)}…`;
}
