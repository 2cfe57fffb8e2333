import { ACTIONS_BOT } from "./auth.ts";
import type { GitCommit, GitPerson } from "./git.ts";
import { type Hub, isoSeconds, type Repo } from "./hub.ts";
import type { Label, User } from "./model.ts";

/** Where people look; the API's own addresses begin with `hub.url()`. */
export const WEB = "https://github.com";

/** A global node id in today's form: a type prefix and an opaque rest, here with the database id in it. */
export function nodeId(prefix: string, id: string | number): string {
  return `${prefix}_${Buffer.from(`${prefix}:${id}`).toString("base64url")}`;
}

/** The database id of a node id that {@link nodeId} made with this prefix. */
export function idOfNode(prefix: string, node: string): number | undefined {
  const [kind, id] = Buffer.from(node.slice(prefix.length + 1), "base64url")
    .toString()
    .split(":");
  return kind === prefix && /^\d+$/.test(id ?? "") ? Number(id) : undefined;
}

export function userJson(hub: Hub, login: string): Record<string, unknown> {
  const user: User = hub.users.get(login) ?? { id: 0, login, type: "User", role: "none" };
  const path = encodeURIComponent(login);
  return {
    login,
    id: user.id,
    node_id: nodeId(user.type === "Bot" ? "BOT" : "U", user.id),
    avatar_url: `https://avatars.githubusercontent.com/u/${user.id}?v=4`,
    gravatar_id: "",
    url: `${hub.url()}/users/${path}`,
    html_url: user.type === "Bot" ? `${WEB}/apps/${login.replace("[bot]", "")}` : `${WEB}/${login}`,
    repos_url: `${hub.url()}/users/${path}/repos`,
    type: user.type,
    user_view_type: "public",
    site_admin: false,
  };
}

/** The app behind a token: that of the workflow token, or another one that somebody has installed. */
export function appOf(slug?: string): Record<string, unknown> {
  if (slug === undefined) return actionsApp();
  return {
    ...actionsApp(),
    id: 900_001,
    slug,
    name: slug,
    owner: { login: "somebody", id: 90_000, type: "User" },
    html_url: `${WEB}/apps/${slug}`,
  };
}

/** The app behind the workflow token. */
export function actionsApp(): Record<string, unknown> {
  return {
    id: 15368,
    client_id: "Iv1.05c79e9ad1f6bdfa",
    slug: "github-actions",
    node_id: "MDM6QXBwMTUzNjg=",
    owner: { login: "github", id: 9919, type: "Organization" },
    name: "GitHub Actions",
    description: "Automate your workflow from idea to production",
    external_url: "https://help.github.com/en/actions",
    html_url: `${WEB}/apps/github-actions`,
    created_at: "2018-07-30T09:30:17Z",
    updated_at: "2024-04-10T20:33:16Z",
  };
}

export function apiOf(hub: Hub, repo: Repo): string {
  return `${hub.url()}/repos/${repo.fullName}`;
}

export function webOf(repo: Repo): string {
  return `${WEB}/${repo.fullName}`;
}

export function repoJson(hub: Hub, repo: Repo): Record<string, unknown> {
  const api = apiOf(hub, repo);
  return {
    id: repo.id,
    node_id: nodeId("R", repo.id),
    name: repo.name,
    full_name: repo.fullName,
    private: repo.private,
    visibility: repo.private ? "private" : "public",
    owner: userJson(hub, repo.owner),
    html_url: webOf(repo),
    description: null,
    fork: repo.parent !== undefined,
    url: api,
    // A clone of the rehearsal is made from the path: there is no git over HTTP here.
    clone_url: `${webOf(repo)}.git`,
    ssh_url: `git@github.com:${repo.fullName}.git`,
    git_url: `git://github.com/${repo.fullName}.git`,
    default_branch: repo.defaultBranch,
    created_at: repo.createdAt,
    updated_at: repo.createdAt,
    pushed_at: repo.createdAt,
    archived: false,
    disabled: false,
    has_issues: true,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    delete_branch_on_merge: false,
    open_issues_count: repo.issues.list().filter((issue) => issue.state === "open").length,
  };
}

export function labelJson(hub: Hub, repo: Repo, label: Label): Record<string, unknown> {
  return {
    id: label.id,
    node_id: nodeId("LA", label.id),
    url: `${apiOf(hub, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

/** A person of a commit as a GitHub account: known only by a noreply address, `ID+login@users.noreply.github.com`. */
function accountOf(hub: Hub, person: GitPerson): Record<string, unknown> | null {
  const login = /^(?:\d+\+)?(.+)@users\.noreply\.github\.com$/.exec(person.email)?.[1];
  return login !== undefined && hub.users.get(login) ? userJson(hub, login) : null;
}

export function commitJson(hub: Hub, repo: Repo, commit: GitCommit): Record<string, unknown> {
  const api = apiOf(hub, repo);
  const url = `${api}/commits/${commit.sha}`;
  return {
    sha: commit.sha,
    node_id: nodeId("C", commit.sha),
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: {
        verified: false,
        reason: "unsigned",
        signature: null,
        payload: null,
        verified_at: null,
      },
    },
    url,
    html_url: `${webOf(repo)}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    author: accountOf(hub, commit.author),
    committer: accountOf(hub, commit.committer),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${webOf(repo)}/commit/${sha}`,
    })),
  };
}

/** A commit as the git database API has it: no account, no files. */
export function gitCommitJson(hub: Hub, repo: Repo, commit: GitCommit): Record<string, unknown> {
  const git = `${apiOf(hub, repo)}/git`;
  return {
    sha: commit.sha,
    node_id: nodeId("C", commit.sha),
    url: `${git}/commits/${commit.sha}`,
    html_url: `${webOf(repo)}/commit/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${git}/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({ sha, url: `${git}/commits/${sha}` })),
  };
}

/** How a user's commits made through the API are signed off. */
export function personOf(hub: Hub, login: string): GitPerson {
  const user = hub.users.get(login);
  return {
    name: login,
    email: `${user?.id ?? 0}+${login}@users.noreply.github.com`,
    date: isoSeconds(hub.now()),
  };
}

export function association(hub: Hub, repo: Repo, login: string): string {
  if (login === repo.owner) return "OWNER";
  if (login === ACTIONS_BOT) return "NONE";
  const role = hub.users.get(login)?.role ?? "none";
  return role === "none" ? "NONE" : role === "read" ? "CONTRIBUTOR" : "COLLABORATOR";
}
