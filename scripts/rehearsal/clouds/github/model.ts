/** What the GitHub cloud remembers: one interface a stored document. Instants are ISO 8601 in UTC without milliseconds. */

/** A permission of a workflow's `permissions:` block. */
export const PERMISSIONS = [
  "actions",
  "actions-variables",
  "administration",
  "checks",
  "contents",
  "deployments",
  "environments",
  "id-token",
  "issues",
  "metadata",
  "pull-requests",
  "secrets",
  "statuses",
] as const;
export type Permission = (typeof PERMISSIONS)[number];
export type Level = "none" | "read" | "write";
export type Permissions = Partial<Record<Permission, Level>>;

export const ROLES = ["admin", "maintain", "write", "triage", "read", "none"] as const;
export type Role = (typeof ROLES)[number];

export interface User {
  id: number;
  login: string;
  type: "User" | "Bot" | "Organization";
  role: Role;
}

export interface Token {
  token: string;
  login: string;
  /** An integration is GitHub's word for an app: the workflow token is one, and is refused in other words than a person. */
  kind: "integration" | "user";
  permissions: Permissions;
  /** The slug of the app that it belongs to, where that is not GitHub Actions. */
  app?: string;
  /** Where set, the token dies with this workflow run. */
  runId?: number;
}

export interface Repository {
  id: number;
  owner: string;
  name: string;
  private: boolean;
  defaultBranch: string;
  /** `owner/name` of the repository that this one is a fork of. */
  parent?: string;
  createdAt: string;
}

export interface Label {
  id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface Issue {
  id: number;
  number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  stateReason: string | null;
  user: string;
  labels: string[];
  assignees: string[];
  locked: boolean;
  comments: number;
  isPull: boolean;
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  closedBy: string | null;
}

export interface Comment {
  id: number;
  issue: number;
  body: string;
  user: string;
  viaApp: boolean;
  minimized: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface Pull {
  number: number;
  /** `owner/name` of the repository that the head branch is in. */
  headRepository: string;
  headRef: string;
  headSha: string;
  baseRef: string;
  baseSha: string;
  draft: boolean;
  mergedAt: string | null;
  mergedBy: string | null;
  mergeSha: string | null;
  /** Commits that the merge brought to the base branch. */
  landed: string[];
  /** The pull request's own commits, kept when it is merged. */
  commits: string[];
  /** A merge that was begun: written before the base branch moves, so that a crash between the two loses nothing. */
  merging: { sha: string; oldBase: string; by: string } | null;
}

export interface Review {
  id: number;
  pull: number;
  user: string;
  body: string;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED" | "PENDING";
  commit: string;
  submittedAt: string | null;
}

export interface CheckSuite {
  id: number;
  headSha: string;
  createdAt: string;
}

export interface CheckRun {
  id: number;
  suite: number;
  name: string;
  headSha: string;
  status: string;
  conclusion: string | null;
  startedAt: string;
  completedAt: string | null;
  externalId: string;
  detailsUrl: string;
  title: string | null;
  summary: string | null;
  text: string | null;
  annotations: Record<string, unknown>[];
  /** The app that wrote it, where that is not GitHub Actions. */
  app?: string;
}

/** What happened to an issue or pull request: https://docs.github.com/rest/using-the-rest-api/issue-event-types */
export interface IssueEvent {
  id: number;
  issue: number;
  event: "labeled" | "unlabeled";
  label: string;
  user: string;
  createdAt: string;
}

export interface CommitStatus {
  id: number;
  sha: string;
  state: "error" | "failure" | "pending" | "success";
  context: string;
  description: string | null;
  targetUrl: string | null;
  user: string;
  createdAt: string;
}

export interface Deployment {
  id: number;
  sha: string;
  ref: string;
  task: string;
  payload: unknown;
  environment: string;
  description: string | null;
  transient: boolean;
  production: boolean;
  user: string;
  createdAt: string;
  updatedAt: string;
}

export interface DeploymentStatus {
  id: number;
  deployment: number;
  state: string;
  description: string;
  environment: string;
  environmentUrl: string;
  logUrl: string;
  user: string;
  createdAt: string;
}

export interface BranchPolicy {
  id: number;
  name: string;
  type: "branch" | "tag";
}

export interface Environment {
  id: number;
  name: string;
  waitMinutes: number;
  reviewers: string[];
  /** Which branches and tags may deploy: all, the protected ones, or those that fit a policy. */
  branchPolicy?: "protected" | "custom" | undefined;
  branchPolicies?: BranchPolicy[];
  createdAt: string;
  updatedAt: string;
}

export interface Release {
  id: number;
  tag: string;
  target: string;
  name: string | null;
  body: string | null;
  draft: boolean;
  prerelease: boolean;
  user: string;
  createdAt: string;
  publishedAt: string | null;
}

export interface Asset {
  id: number;
  release: number;
  name: string;
  label: string | null;
  contentType: string;
  size: number;
  sha256: string;
  user: string;
  createdAt: string;
}

export interface Run {
  id: number;
  name: string;
  path: string;
  number: number;
  attempt: number;
  event: string;
  headBranch: string | null;
  headSha: string;
  ref: string;
  status: string;
  conclusion: string | null;
  actor: string;
  inputs: Record<string, unknown>;
  createdAt: string;
  updatedAt: string;
  approvals: { environments: string[]; state: "approved" | "rejected"; comment: string; user: string }[];
}

export interface Artifact {
  id: number;
  name: string;
  size: number;
  sha256: string;
  runId: number;
  createdAt: string;
  expiresAt: string;
  expired: boolean;
}

/** A job that a runner started: what its OIDC tokens will say. */
export interface Job {
  id: string;
  requestToken: string;
  runId: number;
  claims: Record<string, string>;
}
