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

  async #call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#url}/repos/${this.repository}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`GitHub answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return schema.parse(await response.json());
  }

  openPull(title: string, head: string): Promise<Pull> {
    return this.#call(Pull, "POST", "/pulls", { title, head, base: "main", body: `${title}.` });
  }
  /** Merges by squashing and gives the new commit of main. */
  async merge(number: number): Promise<string> {
    const merged = await this.#call(z.object({ sha: z.string() }), "PUT", `/pulls/${number}/merge`, {
      merge_method: "squash",
    });
    return merged.sha;
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
  label(number: number, ...labels: string[]): Promise<unknown> {
    return this.#call(z.unknown(), "POST", `/issues/${number}/labels`, { labels });
  }
  deployments(environment: string): Promise<{ id: number; sha: string }[]> {
    return this.#call(
      z.array(z.object({ id: z.number(), sha: z.string() })),
      "GET",
      `/deployments?environment=${environment}&per_page=100`,
    );
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
