import { z } from "zod";

const Pull = z.object({
  number: z.number(),
  head: z.object({ sha: z.string(), ref: z.string() }),
  base: z.object({ sha: z.string(), ref: z.string() }),
});
export type Pull = z.infer<typeof Pull>;
const Comment = z.object({ id: z.number(), body: z.string(), user: z.object({ login: z.string() }) });
export type Comment = z.infer<typeof Comment>;
const Issue = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  body: z.string().nullable(),
});
export type Issue = z.infer<typeof Issue>;
const CheckRun = z.object({ name: z.string(), conclusion: z.string().nullable() });
const DeploymentStatus = z.object({ state: z.string() });
const Deployment = z.object({
  id: z.number(),
  sha: z.string(),
  payload: z.looseObject({
    id: z.string().optional(),
    kind: z.string().optional(),
    image: z.string().optional(),
  }),
});

/** What GitHub has written down about a release: a Deployment, with the manifest as its payload and its newest state. */
export interface RecordedRelease {
  id: string;
  sha: string;
  state: string;
  manifest: z.infer<typeof Deployment>["payload"];
}

/** What a person does on GitHub's pages, by the API that the pages use. */
export class GithubPerson {
  readonly #url: string;
  readonly #token: string;
  readonly repository: string;

  constructor(github: { url: string; token: string; repository: string }) {
    this.#url = github.url;
    this.#token = github.token;
    this.repository = github.repository;
  }

  async #call<T>(
    schema: z.ZodType<T>,
    method: string,
    path: string,
    body?: unknown,
    token = this.#token,
  ): Promise<T> {
    const response = await fetch(`${this.#url}/repos/${this.repository}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`GitHub answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return schema.parse(await response.json());
  }

  openPull(title: string, head: string): Promise<Pull> {
    return this.#call(Pull, "POST", "/pulls", { title, head, base: "main", body: `${title}.` });
  }
  /** Merges and gives the new commit of main. */
  async merge(number: number, method: "squash" | "merge" | "rebase" = "squash"): Promise<string> {
    const merged = await this.#call(z.object({ sha: z.string() }), "PUT", `/pulls/${number}/merge`, {
      merge_method: method,
    });
    return merged.sha;
  }
  /** Asks for the pull request's page, upon which GitHub makes the test merge; gives its commit. */
  async testMerge(number: number): Promise<string> {
    const pull = await this.#call(z.object({ merge_commit_sha: z.string() }), "GET", `/pulls/${number}`);
    return pull.merge_commit_sha;
  }
  /** Anything else that a page shows, below the repository. */
  get(path: string): Promise<unknown> {
    return this.#call(z.unknown(), "GET", path);
  }
  close(number: number): Promise<unknown> {
    return this.#call(z.unknown(), "PATCH", `/pulls/${number}`, { state: "closed" });
  }
  comments(number: number): Promise<Comment[]> {
    return this.#call(z.array(Comment), "GET", `/issues/${number}/comments?per_page=100`);
  }
  issues(state: "open" | "closed"): Promise<Issue[]> {
    return this.#call(
      z.array(Issue.extend({ pull_request: z.unknown().optional() })),
      "GET",
      `/issues?state=${state}`,
    ).then((issues) => issues.filter((issue) => issue.pull_request === undefined));
  }
  /** The runs of workflows that were started by a dispatch and wait for a runner, oldest first. */
  async dispatched(): Promise<{ path: string; branch: string | null }[]> {
    const Run = z.object({ path: z.string(), head_branch: z.string().nullable() });
    const { workflow_runs } = await this.#call(
      z.object({ workflow_runs: z.array(Run) }),
      "GET",
      "/actions/runs?event=workflow_dispatch&status=queued&per_page=100",
    );
    return workflow_runs.map(({ path, head_branch }) => ({ path, branch: head_branch })).reverse();
  }
  /** The release page of a tag, with the names of its files. */
  async releasePage(tag: string): Promise<{ name: string; body: string; files: string[] }> {
    const Page = z.object({
      name: z.string(),
      body: z.string(),
      assets: z.array(z.object({ name: z.string() })),
    });
    const { name, body, assets } = await this.#call(Page, "GET", `/releases/tags/${tag}`);
    return { name, body, files: assets.map((asset) => asset.name) };
  }
  /** Labels a pull request as somebody who may write to the repository. */
  label(number: number, ...labels: string[]): Promise<unknown> {
    return this.labelAs({ login: "robin", role: "write" }, number, ...labels);
  }
  async labelAs(
    person: { login: string; role: "write" | "triage" },
    number: number,
    ...labels: string[]
  ): Promise<unknown> {
    const token = await this.#signUp(person);
    return this.#call(z.unknown(), "POST", `/issues/${number}/labels`, { labels }, token);
  }
  unlabel(number: number, label: string): Promise<unknown> {
    const path = `/issues/${number}/labels/${encodeURIComponent(label)}`;
    return this.#call(z.unknown(), "DELETE", path);
  }
  async #signUp(person: { login: string; role: string }): Promise<string> {
    const response = await fetch(new URL("/_rehearsal/users", this.#url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(person),
    });
    return z.object({ token: z.string() }).parse(await response.json()).token;
  }
  /** The releases of a stack, newest first. */
  async releases(environment: string): Promise<RecordedRelease[]> {
    const path = `/deployments?environment=${environment}&task=release&per_page=100`;
    const deployments = await this.#call(z.array(Deployment), "GET", path);
    return Promise.all(
      deployments.map(async ({ id, sha, payload }) => {
        const statuses = await this.#call(z.array(DeploymentStatus), "GET", `/deployments/${id}/statuses`);
        return { id: payload.id ?? "", sha, state: statuses[0]?.state ?? "none", manifest: payload };
      }),
    );
  }
  /** The conclusions of a commit's check runs, by their names. */
  async checks(sha: string): Promise<Record<string, string | null>> {
    const answer = await this.#call(
      z.object({ check_runs: z.array(CheckRun) }),
      "GET",
      `/commits/${sha}/check-runs?per_page=100`,
    );
    return Object.fromEntries(answer.check_runs.map(({ name, conclusion }) => [name, conclusion]));
  }

  /** The event that Actions hands to a workflow when a pull request is opened or pushed to. */
  pullEvent(pull: Pull, action: string): { name: string; payload: unknown } {
    const [owner, name] = this.repository.split("/");
    const repo = { full_name: this.repository, name, fork: false };
    return {
      name: "pull_request",
      payload: {
        action,
        number: pull.number,
        pull_request: {
          number: pull.number,
          draft: false,
          labels: [],
          head: { sha: pull.head.sha, ref: pull.head.ref, repo },
          base: { sha: pull.base.sha, ref: pull.base.ref, repo },
          user: { login: "robin" },
        },
        repository: { ...repo, owner: { login: owner } },
        sender: { login: "robin" },
      },
    };
  }
  pushEvent(ref: string, before: string, after: string): { name: string; payload: unknown } {
    const [owner, name] = this.repository.split("/");
    return {
      name: "push",
      payload: {
        ref,
        before,
        after,
        repository: { full_name: this.repository, name, owner: { login: owner } },
        sender: { login: "robin" },
        pusher: { name: "robin" },
      },
    };
  }
  dispatchEvent(inputs: Record<string, string>): { name: string; payload: unknown } {
    const [owner, name] = this.repository.split("/");
    return {
      name: "workflow_dispatch",
      payload: {
        inputs,
        ref: "refs/heads/main",
        repository: { full_name: this.repository, name, owner: { login: owner } },
        sender: { login: "robin" },
      },
    };
  }
}
