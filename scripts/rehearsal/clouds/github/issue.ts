import { validationFailed } from "./errors.ts";
import type { Hub, Identity, Repo } from "./hub.ts";
import type { Comment, Issue, Label } from "./model.ts";
import { actionsApp, apiOf, association, labelJson, nodeId, userJson, webOf } from "./render.ts";

/** The longest body of an issue, pull request, comment or review, in characters. */
export const BODY_MAX = 65_536;

/** Throws GitHub's refusal of a body that is too long; it words it otherwise for comments than for issues. */
export function checkBody(resource: string, text: string | null | undefined): void {
  // Only a text with more UTF-16 units than the limit can have more characters than it.
  if (!text || text.length <= BODY_MAX || [...text].length <= BODY_MAX) return;
  throw resource === "IssueComment"
    ? validationFailed({
        resource,
        code: "unprocessable",
        field: "data",
        message: `Body is too long (maximum is ${BODY_MAX} characters)`,
      })
    : validationFailed({
        resource,
        code: "custom",
        field: "body",
        message: `body is too long (maximum is ${BODY_MAX} characters)`,
      });
}

/** Makes an issue, or the issue half of a pull request; both count with the same numbers. */
export function createIssue(
  hub: Hub,
  repo: Repo,
  identity: Identity,
  asked: { title: string; body: string | null; labels: string[]; assignees: string[]; isPull: boolean },
): Issue {
  const number = hub.store.next(`${repo.fullName}/number`);
  const instant = hub.instant();
  for (const label of asked.labels) ensureLabel(hub, repo, label);
  writeLabelEvents(hub, repo, { number, labels: [] }, asked.labels, identity.user.login);
  return repo.issues.put(number, {
    id: hub.store.next("issue", 3_100_000_001),
    number,
    title: asked.title,
    body: asked.body,
    state: "open",
    stateReason: null,
    user: identity.user.login,
    labels: asked.labels,
    assignees: asked.assignees,
    locked: false,
    comments: 0,
    isPull: asked.isPull,
    createdAt: instant,
    updatedAt: instant,
    closedAt: null,
    closedBy: null,
  });
}

/** An issue gets a label that the repository does not have yet by making it, in the grey that GitHub gives it. */
export function ensureLabel(hub: Hub, repo: Repo, name: string): Label {
  const key = name.toLowerCase();
  return (
    repo.labels.get(key) ??
    repo.labels.put(key, {
      id: hub.store.next("label", 9_000_000_001),
      name,
      color: "ededed",
      description: null,
    })
  );
}

/** Writes down which labels an issue gets and loses, and by whom. */
export function writeLabelEvents(
  hub: Hub,
  repo: Repo,
  before: Pick<Issue, "number" | "labels">,
  labels: readonly string[],
  user: string,
): void {
  const changes = [
    ...labels.filter((label) => !before.labels.includes(label)).map((label) => ["labeled", label] as const),
    ...before.labels.filter((label) => !labels.includes(label)).map((label) => ["unlabeled", label] as const),
  ];
  for (const [event, label] of changes) {
    const id = hub.store.next("issue-event", 14_000_000_001);
    repo.issueEvents.put(id, { id, issue: before.number, event, label, user, createdAt: hub.instant() });
  }
}

/** The new version of an issue, or of the issue half of a pull request, after its state changed. */
export function withState(
  issue: Issue,
  state: Issue["state"],
  by: string,
  instant: string,
  reason?: string | null,
): Issue {
  const closed = state === "closed";
  return {
    ...issue,
    state,
    stateReason: issue.isPull ? null : (reason ?? (closed ? "completed" : "reopened")),
    closedAt: closed ? instant : null,
    closedBy: closed ? by : null,
    updatedAt: instant,
  };
}

export function issueJson(hub: Hub, repo: Repo, issue: Issue): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/issues/${issue.number}`;
  const html = `${webOf(repo)}/${issue.isPull ? "pull" : "issues"}/${issue.number}`;
  const merged = issue.isPull ? (repo.pulls.get(issue.number)?.mergedAt ?? null) : null;
  return {
    url,
    repository_url: apiOf(hub, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    id: issue.id,
    node_id: nodeId(issue.isPull ? "PR" : "I", issue.id),
    number: issue.number,
    title: issue.title,
    user: userJson(hub, issue.user),
    labels: issue.labels.map((name) => labelJson(hub, repo, ensureLabel(hub, repo, name))),
    state: issue.state,
    state_reason: issue.stateReason,
    locked: issue.locked,
    active_lock_reason: null,
    assignee: issue.assignees[0] ? userJson(hub, issue.assignees[0]) : null,
    assignees: issue.assignees.map((login) => userJson(hub, login)),
    milestone: null,
    comments: issue.comments,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    closed_by: issue.closedBy ? userJson(hub, issue.closedBy) : null,
    author_association: association(hub, repo, issue.user),
    body: issue.body,
    performed_via_github_app: null,
    ...(issue.isPull && {
      pull_request: {
        url: `${apiOf(hub, repo)}/pulls/${issue.number}`,
        html_url: html,
        diff_url: `${html}.diff`,
        patch_url: `${html}.patch`,
        merged_at: merged,
      },
    }),
  };
}

export function commentJson(hub: Hub, repo: Repo, comment: Comment): Record<string, unknown> {
  const kind = repo.issues.get(comment.issue)?.isPull ? "pull" : "issues";
  return {
    url: `${apiOf(hub, repo)}/issues/comments/${comment.id}`,
    html_url: `${webOf(repo)}/${kind}/${comment.issue}#issuecomment-${comment.id}`,
    issue_url: `${apiOf(hub, repo)}/issues/${comment.issue}`,
    id: comment.id,
    node_id: nodeId("IC", comment.id),
    user: userJson(hub, comment.user),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    body: comment.body,
    author_association: association(hub, repo, comment.user),
    performed_via_github_app: comment.viaApp ? actionsApp() : null,
  };
}
