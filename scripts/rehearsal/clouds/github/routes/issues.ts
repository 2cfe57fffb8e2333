import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import {
  checkBody,
  commentJson,
  createIssue,
  ensureLabel,
  issueJson,
  withState,
  writeLabelEvents,
} from "../issue.ts";
import type { Comment, Issue } from "../model.ts";
import { refreshPulls } from "../pull.ts";
import { apiOf, labelJson, nodeId, userJson } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";

const LabelName = z.union([z.string(), z.object({ name: z.string() }).transform((label) => label.name)]);
const Create = z.object({
  title: z.union([z.string(), z.number()]).transform(String),
  body: z.string().nullish(),
  labels: z.array(LabelName).default([]),
  assignees: z.array(z.string()).default([]),
});
const Update = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(["open", "closed"]).optional(),
  state_reason: z.enum(["completed", "not_planned", "duplicate", "reopened"]).nullish(),
  labels: z.array(LabelName).optional(),
  assignees: z.array(z.string()).optional(),
});

/** https://docs.github.com/rest/issues/issues */
export function issueRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/issues";
  commentRoutes(api, hub);

  api.get(base, allow("read", "issues", "pull-requests"), async (c) => {
    const repo = repoOf(hub, c);
    await refreshPulls(hub, repo);
    return c.json(page(c, select(repo, c)).map((issue) => issueJson(hub, repo, issue)));
  });

  api.post(base, allow("write", "issues"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Create);
    checkBody("Issue", asked.body);
    if (asked.title.trim() === "")
      throw validationFailed({ resource: "Issue", code: "missing_field", field: "title" });
    const issue = hub.store.transaction(() =>
      createIssue(hub, repo, c.get("identity"), { ...asked, body: asked.body ?? null, isPull: false }),
    );
    return c.json(issueJson(hub, repo, issue), 201);
  });

  api.get(`${base}/:number`, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(issueJson(hub, repo, issueOf(repo, c)));
  });

  api.patch(`${base}/:number`, allow("write", "issues", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const issue = issueOf(repo, c);
    const asked = await body(c, Update);
    checkBody("Issue", asked.body);
    for (const label of asked.labels ?? []) ensureLabel(hub, repo, label);
    const edited: Issue = {
      ...issue,
      title: asked.title ?? issue.title,
      body: asked.body === undefined ? issue.body : asked.body,
      labels: asked.labels ?? issue.labels,
      assignees: asked.assignees ?? issue.assignees,
      updatedAt: hub.instant(),
    };
    const changed = asked.state !== undefined && asked.state !== issue.state;
    const by = c.get("identity").user.login;
    writeLabelEvents(hub, repo, issue, edited.labels, by);
    const saved = repo.issues.put(
      issue.number,
      changed && asked.state ? withState(edited, asked.state, by, hub.instant(), asked.state_reason) : edited,
    );
    return c.json(issueJson(hub, repo, saved));
  });

  for (const [method, locked] of [
    ["PUT", true],
    ["DELETE", false],
  ] as const)
    api.on(method, `${base}/:number/lock`, allow("write", "issues", "pull-requests"), (c) => {
      const repo = repoOf(hub, c);
      const issue = issueOf(repo, c);
      repo.issues.put(issue.number, { ...issue, locked });
      return c.body(null, 204);
    });

  eventRoutes(api, hub);
  issueLabelRoutes(api, hub);
  labelRoutes(api, hub);
}

/** What happened to an issue, oldest first; of all kinds only that it got and lost labels. https://docs.github.com/rest/issues/events */
function eventRoutes(api: Api, hub: Hub): void {
  api.get("/repos/:owner/:repo/issues/:number/events", allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    const { number } = issueOf(repo, c);
    const events = repo.issueEvents.list().filter(({ issue }) => issue === number);
    return c.json(
      page(c, events).map(({ id, event, label, user, createdAt }) => ({
        id,
        node_id: nodeId("LE", id),
        url: `${apiOf(hub, repo)}/issues/events/${id}`,
        actor: userJson(hub, user),
        event,
        commit_id: null,
        commit_url: null,
        created_at: createdAt,
        label: { name: label, color: ensureLabel(hub, repo, label).color },
        performed_via_github_app: null,
      })),
    );
  });
}

function issueOf(repo: Repo, c: RequestContext): Issue {
  const issue = repo.issues.get(numberParam(c, "number"));
  if (!issue) throw notFound();
  return issue;
}

function select(repo: Repo, c: RequestContext): Issue[] {
  const state = c.req.query("state") ?? "open";
  const labels = (c.req.query("labels") ?? "")
    .split(",")
    .filter(Boolean)
    .map((label) => label.toLowerCase());
  const creator = c.req.query("creator");
  const since = c.req.query("since");
  const found = repo.issues
    .list()
    .filter(
      (issue) =>
        (state === "all" || issue.state === state) &&
        labels.every((label) => issue.labels.some((own) => own.toLowerCase() === label)) &&
        (!creator || issue.user === creator) &&
        (!since || issue.updatedAt >= since),
    );
  const sort = c.req.query("sort") ?? "created";
  const key = (issue: Issue): string | number =>
    sort === "updated" ? issue.updatedAt : sort === "comments" ? issue.comments : issue.number;
  found.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.number - b.number));
  return (c.req.query("direction") ?? "desc") === "desc" ? found.reverse() : found;
}

const CommentBody = z.object({ body: z.string() });

/** https://docs.github.com/rest/issues/comments */
function commentRoutes(api: Api, hub: Hub): void {
  const issues = "/repos/:owner/:repo/issues";

  api.get(`${issues}/:number/comments`, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    const since = c.req.query("since");
    const comments = repo
      .comments(issueOf(repo, c).number)
      .list()
      .filter((comment) => !since || comment.updatedAt >= since);
    return c.json(page(c, comments).map((comment) => commentJson(hub, repo, comment)));
  });

  api.post(
    `${issues}/:number/comments`,
    allow("write", "issues", "pull-requests"),
    async (c: RequestContext) => {
      const repo = repoOf(hub, c);
      const issue = issueOf(repo, c);
      const { user, token } = c.get("identity");
      if (issue.locked && token.permissions.contents !== "write")
        throw new ApiError(403, "Unable to create comment because issue is locked.");
      const text = commentText(await body(c, CommentBody));
      const comment = hub.store.transaction(() => {
        const id = hub.store.next("comment", 3_300_000_001);
        const instant = hub.instant();
        repo.commentIssues.put(id, issue.number);
        repo.issues.put(issue.number, { ...issue, comments: issue.comments + 1, updatedAt: instant });
        return repo.comments(issue.number).put(id, {
          id,
          issue: issue.number,
          body: text,
          user: user.login,
          viaApp: token.kind === "integration",
          minimized: null,
          createdAt: instant,
          updatedAt: instant,
        });
      });
      return c.json(commentJson(hub, repo, comment), 201);
    },
  );

  api.get(`${issues}/comments`, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    const all = repo.issues.list().flatMap((issue) => repo.comments(issue.number).list());
    all.sort((a, b) => a.id - b.id);
    if (c.req.query("direction") === "desc") all.reverse();
    return c.json(page(c, all).map((comment) => commentJson(hub, repo, comment)));
  });

  const one = `${issues}/comments/:comment`;
  api.get(one, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(commentJson(hub, repo, commentOf(repo, c)));
  });
  api.patch(one, allow("write", "issues", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const comment = commentOf(repo, c);
    const text = commentText(await body(c, CommentBody));
    const saved = { ...comment, body: text, updatedAt: hub.instant() };
    return c.json(commentJson(hub, repo, repo.comments(comment.issue).put(comment.id, saved)));
  });
  api.delete(one, allow("write", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    const comment = commentOf(repo, c);
    hub.store.transaction(() => {
      repo.comments(comment.issue).delete(comment.id);
      repo.commentIssues.delete(comment.id);
      const issue = repo.issues.get(comment.issue);
      if (issue) repo.issues.put(issue.number, { ...issue, comments: issue.comments - 1 });
    });
    return c.body(null, 204);
  });
}

function commentOf(repo: Repo, c: RequestContext): Comment {
  const id = numberParam(c, "comment");
  const issue = repo.commentIssues.get(id);
  const comment = issue === undefined ? undefined : repo.comments(issue).get(id);
  if (!comment) throw notFound();
  return comment;
}

function commentText(asked: { body: string }): string {
  checkBody("IssueComment", asked.body);
  if (asked.body.trim() !== "") return asked.body;
  throw validationFailed({
    resource: "IssueComment",
    code: "unprocessable",
    field: "data",
    message: "Body cannot be blank",
  });
}

const Names = z.union([
  z.object({ labels: z.array(LabelName) }).transform(({ labels }) => labels),
  z.array(LabelName),
]);

/** https://docs.github.com/rest/issues/labels, the part on one issue */
function issueLabelRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/issues/:number/labels";
  const write = allow("write", "issues", "pull-requests");
  const set = (c: RequestContext, labels: string[]): Response => {
    const repo = repoOf(hub, c);
    const issue = issueOf(repo, c);
    const unique = [...new Map(labels.map((name) => [name.toLowerCase(), name])).values()];
    const made = unique.map((name) => ensureLabel(hub, repo, name));
    const names = made.map((label) => label.name);
    hub.store.transaction(() => {
      writeLabelEvents(hub, repo, issue, names, c.get("identity").user.login);
      repo.issues.put(issue.number, { ...issue, labels: names, updatedAt: hub.instant() });
    });
    return c.json(made.map((label) => labelJson(hub, repo, label)));
  };

  api.get(base, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    const labels = issueOf(repo, c).labels.map((name) => ensureLabel(hub, repo, name));
    return c.json(page(c, labels).map((label) => labelJson(hub, repo, label)));
  });
  api.post(base, write, async (c: RequestContext) => {
    const labels = issueOf(repoOf(hub, c), c).labels;
    return set(c, [...labels, ...(await body(c, Names))]);
  });
  api.put(base, write, async (c: RequestContext) => set(c, await body(c, Names)));
  api.delete(base, write, (c) => {
    set(c, []);
    return c.body(null, 204);
  });
  api.delete(`${base}/:name`, write, (c) => {
    const { labels } = issueOf(repoOf(hub, c), c);
    const name = c.req.param("name").toLowerCase();
    const left = labels.filter((label) => label.toLowerCase() !== name);
    if (left.length === labels.length) throw new ApiError(404, "Label does not exist");
    return set(c, left);
  });
}

const Colour = z.string().regex(/^[0-9a-fA-F]{6}$/);
const CreateLabel = z.object({
  name: z.string(),
  color: Colour.optional(),
  description: z.string().nullish(),
});
const UpdateLabel = z.object({
  new_name: z.string().optional(),
  color: Colour.optional(),
  description: z.string().nullish(),
});

/** https://docs.github.com/rest/issues/labels, the part on the repository */
function labelRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/labels";
  const labelOf = (repo: Repo, c: RequestContext) => {
    const label = repo.labels.get((c.req.param("name") ?? "").toLowerCase());
    if (!label) throw notFound();
    return label;
  };

  api.get(base, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(page(c, repo.labels.list()).map((label) => labelJson(hub, repo, label)));
  });
  api.post(base, allow("write", "issues", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, CreateLabel);
    if (repo.labels.get(asked.name.toLowerCase()))
      throw validationFailed({ resource: "Label", code: "already_exists", field: "name" });
    const label = { ...ensureLabel(hub, repo, asked.name), description: asked.description ?? null };
    const saved = repo.labels.put(asked.name.toLowerCase(), { ...label, color: asked.color ?? label.color });
    return c.json(labelJson(hub, repo, saved), 201);
  });
  api.get(`${base}/:name`, allow("read", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(labelJson(hub, repo, labelOf(repo, c)));
  });
  api.patch(`${base}/:name`, allow("write", "issues", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const label = labelOf(repo, c);
    const asked = await body(c, UpdateLabel);
    const name = asked.new_name ?? label.name;
    const saved = {
      ...label,
      name,
      color: asked.color ?? label.color,
      description: asked.description === undefined ? label.description : asked.description,
    };
    hub.store.transaction(() => {
      repo.labels.delete(label.name.toLowerCase());
      repo.labels.put(name.toLowerCase(), saved);
      for (const issue of repo.issues.list())
        if (issue.labels.includes(label.name))
          repo.issues.put(issue.number, {
            ...issue,
            labels: issue.labels.map((own) => (own === label.name ? name : own)),
          });
    });
    return c.json(labelJson(hub, repo, saved));
  });
  api.delete(`${base}/:name`, allow("write", "issues", "pull-requests"), (c) => {
    const repo = repoOf(hub, c);
    const label = labelOf(repo, c);
    hub.store.transaction(() => {
      repo.labels.delete(label.name.toLowerCase());
      for (const issue of repo.issues.list())
        repo.issues.put(issue.number, { ...issue, labels: issue.labels.filter((own) => own !== label.name) });
    });
    return c.body(null, 204);
  });
}
