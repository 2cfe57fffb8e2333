import { z } from "zod";
import type { Github } from "./client.ts";
import { createOnce } from "./once.ts";
import { isViewer, viewerLogin } from "./viewer.ts";

export interface IssueText {
  /** The issue's identity, one per thing to report: `drift:prod`. */
  label: string;
  title: string;
  /** Markdown, at most 65,536 characters. */
  body: string;
}

export interface WrittenIssue {
  number: number;
  url: string;
  action: "created" | "updated" | "unchanged";
}

const Issue = z.object({
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
  pull_request: z.unknown().optional(),
});
type Issue = z.infer<typeof Issue>;

/** Keeps one open issue per label: changes the token's own one, or opens it. */
export async function upsertIssue(github: Github, text: IssueText): Promise<WrittenIssue> {
  const [existing] = await openIssues(github, text.label);
  if (existing && existing.title === text.title && existing.body === text.body)
    return written(existing, "unchanged");
  if (existing) {
    const { data } = await github.request("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
      ...github.at,
      issue_number: existing.number,
      title: text.title,
      body: text.body,
    });
    return written(Issue.parse(data), "updated");
  }
  const create = async (): Promise<Issue> => {
    const { data } = await github.request("POST /repos/{owner}/{repo}/issues", {
      ...github.at,
      title: text.title,
      body: text.body,
      labels: [text.label],
    });
    return Issue.parse(data);
  };
  const made = await createOnce(github, create, async () => (await openIssues(github, text.label))[0]);
  return written(made, "created");
}

/** The open issue that {@link upsertIssue} keeps for a label, as it is now. */
export async function openIssue(
  github: Github,
  label: string,
): Promise<{ number: number; url: string; body: string } | undefined> {
  const [issue] = await openIssues(github, label);
  return issue && { number: issue.number, url: issue.html_url, body: issue.body ?? "" };
}

/**
 * Closes what {@link upsertIssue} opened, after saying why; undefined if nothing was open.
 */
export async function closeIssue(
  github: Github,
  { label, comment }: { label: string; comment?: string },
): Promise<{ number: number; url: string } | undefined> {
  const issues = await openIssues(github, label);
  for (const issue of issues) {
    if (comment !== undefined)
      await github.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
        ...github.at,
        issue_number: issue.number,
        body: comment,
      });
    await github.request("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
      ...github.at,
      issue_number: issue.number,
      state: "closed",
      state_reason: "completed",
    });
  }
  const [first] = issues;
  return first && { number: first.number, url: first.html_url };
}

/** The token's own open issues of the label, oldest first. */
async function openIssues(github: Github, label: string): Promise<Issue[]> {
  const data = await github.paginate("GET /repos/{owner}/{repo}/issues", {
    ...github.at,
    labels: label,
    state: "open",
    sort: "created",
    direction: "asc",
    per_page: 100,
  });
  const found = z.array(Issue).parse(data);
  if (found.length === 0) return [];
  const login = await viewerLogin(github);
  return found.filter((issue) => issue.pull_request === undefined && isViewer(issue.user?.login, login));
}

function written(issue: Issue, action: WrittenIssue["action"]): WrittenIssue {
  return { number: issue.number, url: issue.html_url, action };
}
