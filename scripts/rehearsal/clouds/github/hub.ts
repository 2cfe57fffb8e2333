import { join } from "node:path";
import type { Hono } from "hono";
import type { Collection, Store } from "../base/store.ts";
import { Git } from "./git.ts";
import type * as model from "./model.ts";

/** What a request carries once its token was understood. */
export type Variables = { identity: Identity };
export type Api = Hono<{ Variables: Variables }>;

export interface Identity {
  user: model.User;
  token: model.Token;
}

/** The whole of the GitHub cloud's memory, and the clock that it lives by. */
export interface Hub {
  store: Store;
  world: string;
  /** The API root as clients reach it, without a trailing slash. */
  url(): string;
  /** The present instant, ISO 8601 to the second. */
  instant(): string;
  now(): Date;
  users: Collection<model.User>;
  tokens: Collection<model.Token>;
  repositories: Collection<model.Repository>;
  jobs: Collection<model.Job>;
  /** The git data of a repository, by its folder: one object for all requests, since it remembers what can't change. */
  git(dir: string): Git;
}

/** One repository with its git data and its collections. */
export interface Repo extends model.Repository {
  fullName: string;
  git: Git;
  issues: Collection<model.Issue>;
  pulls: Collection<model.Pull>;
  reviews: Collection<model.Review>;
  labels: Collection<model.Label>;
  /** The comments of one issue; kept apart so that a long thread does not slow the others down. */
  comments(issue: number): Collection<model.Comment>;
  /** Which issue a comment belongs to, by the comment's id. */
  commentIssues: Collection<number>;
  issueEvents: Collection<model.IssueEvent>;
  checkSuites: Collection<model.CheckSuite>;
  checkRuns: Collection<model.CheckRun>;
  statuses: Collection<model.CommitStatus>;
  deployments: Collection<model.Deployment>;
  deploymentStatuses: Collection<model.DeploymentStatus>;
  environments: Collection<model.Environment>;
  releases: Collection<model.Release>;
  assets: Collection<model.Asset>;
  runs: Collection<model.Run>;
  artifacts: Collection<model.Artifact>;
}

export function openHub(store: Store, world: string, now: () => Date, url: () => string): Hub {
  const gits = new Map<string, Git>();
  return {
    store,
    world,
    url,
    now,
    instant: () => isoSeconds(now()),
    users: store.collection("users"),
    tokens: store.collection("tokens"),
    repositories: store.collection("repositories"),
    jobs: store.collection("jobs"),
    git(dir) {
      const git = gits.get(dir) ?? new Git(dir, now);
      gits.set(dir, git);
      return git;
    },
  };
}

export function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

export function gitDirOf(world: string, owner: string, name: string): string {
  return join(world, "github", owner, `${name}.git`);
}

/** The repository by its name, or undefined. Names are compared as GitHub does it: without regard to case. */
export function findRepo(hub: Hub, owner: string, name: string): Repo | undefined {
  const repository = hub.repositories.get(`${owner}/${name}`.toLowerCase());
  if (!repository) return undefined;
  const fullName = `${repository.owner}/${repository.name}`;
  const collection = <T>(what: string): Collection<T> => hub.store.collection<T>(`${fullName}/${what}`);
  return {
    ...repository,
    fullName,
    git: hub.git(gitDirOf(hub.world, repository.owner, repository.name)),
    issues: collection("issues"),
    pulls: collection("pulls"),
    reviews: collection("reviews"),
    labels: collection("labels"),
    comments: (issue) => collection(`issues/${issue}/comments`),
    commentIssues: collection("comment-issues"),
    issueEvents: collection("issue-events"),
    checkSuites: collection("check-suites"),
    checkRuns: collection("check-runs"),
    statuses: collection("statuses"),
    deployments: collection("deployments"),
    deploymentStatuses: collection("deployment-statuses"),
    environments: collection("environments"),
    releases: collection("releases"),
    assets: collection("assets"),
    runs: collection("runs"),
    artifacts: collection("artifacts"),
  };
}

/** Makes the record and the bare repository, if either is missing. */
export async function ensureRepo(
  hub: Hub,
  repository: Omit<model.Repository, "id" | "createdAt">,
): Promise<Repo> {
  const key = `${repository.owner}/${repository.name}`.toLowerCase();
  if (!hub.repositories.get(key)) {
    hub.repositories.put(key, {
      id: hub.store.next("repository", 701_000_001),
      createdAt: hub.instant(),
      ...repository,
    });
  }
  const repo = findRepo(hub, repository.owner, repository.name);
  if (!repo) throw new Error(`${key} was put and is not there`);
  await repo.git.init(repository.defaultBranch);
  return repo;
}
