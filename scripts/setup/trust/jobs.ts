import type { Use } from "../secret-places.ts";

/**
 * A job of the workflows that opens ESC, by what GitHub says of it in its identity token. No policy leans on the subject
 * alone: `…:pull_request` is any job of any pull request.
 * https://docs.github.com/actions/reference/security/oidc
 */
export interface TrustedJob {
  /** For people. */
  job: string;
  /** The workflow that was started, and the one that has the job where that is another. */
  workflow: string;
  jobWorkflow: string;
  /** What is left of the subject after its prefix. */
  context: string;
  /** Where the commit comes from, with the wildcard `*`. */
  ref: string;
  event: string;
  use: Use;
  /** The stacks whose environments it opens; `all` for every one. */
  stacks: readonly string[] | "all";
}

/** The jobs that do without a GitHub Environment, and so get what reads. */
const READERS: readonly TrustedJob[] = [
  {
    job: "preview of a pull request",
    workflow: "preview.yml",
    jobWorkflow: "preview.yml",
    context: "pull_request",
    ref: "refs/pull/*/merge",
    event: "pull_request",
    use: "preview",
    stacks: "all",
  },
  {
    job: "nightly drift check",
    workflow: "drift.yml",
    jobWorkflow: "drift.yml",
    context: "ref:refs/heads/main",
    ref: "refs/heads/main",
    event: "schedule",
    use: "preview",
    stacks: "all",
  },
  {
    job: "drift check that a person starts",
    workflow: "drift.yml",
    jobWorkflow: "drift.yml",
    context: "ref:refs/heads/main",
    ref: "refs/heads/main",
    event: "workflow_dispatch",
    use: "preview",
    stacks: "all",
  },
  {
    job: "plan of a release",
    workflow: "release-prod.yml",
    jobWorkflow: "release-prod.yml",
    context: "ref:refs/tags/v*",
    ref: "refs/tags/v*",
    event: "push",
    use: "preview",
    stacks: ["prod"],
  },
];

/** All jobs that are trusted, for these stacks: each stack deploys in the GitHub Environment of its name. */
export function trustedJobs(stacks: readonly string[]): TrustedJob[] {
  return [...READERS, ...stacks.flatMap((stack) => [deployment(stack), rollback(stack)])];
}

function deployment(stack: string): TrustedJob {
  const tagged = stack === "prod";
  return {
    job: tagged ? "release of prod" : `deployment of ${stack}`,
    workflow: tagged ? "release-prod.yml" : `deploy-${stack}.yml`,
    jobWorkflow: "deploy.yml",
    context: `environment:${stack}`,
    ref: tagged ? "refs/tags/v*" : "refs/heads/main",
    event: "push",
    use: "deploy",
    stacks: [stack],
  };
}

function rollback(stack: string): TrustedJob {
  return {
    job: `rollback of ${stack}`,
    workflow: "rollback.yml",
    jobWorkflow: "deploy.yml",
    context: `environment:${stack}`,
    ref: "refs/heads/main",
    event: "workflow_dispatch",
    use: "deploy",
    stacks: [stack],
  };
}
