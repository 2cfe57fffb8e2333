import { z } from "zod";
import type { Github } from "./client.ts";
import { createOnce } from "./once.ts";
import { GithubRefusal, type RefusalKind } from "./refusal.ts";
import { isViewer, viewerLogin } from "./viewer.ts";

/** Where the comment stands now, or why there is none. A comment is never worth a failed job. */
export type CommentOutcome =
  | { posted: true; id: number; url: string; action: "created" | "updated" | "unchanged" }
  | { posted: false; reason: RefusalKind; message: string; fix: string };

const Comment = z.object({
  id: z.number(),
  html_url: z.string(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
type Comment = z.infer<typeof Comment>;

/**
 * Says `body` in the one comment of the issue or pull request `number` that bears the marker: it is changed in place,
 * or made if there is none. Only the token's own comments count, so that a person who quotes the comment does not
 * become its owner. Nothing is deleted, with one exception: of two runs that post their first comment at the same
 * moment, the later one withdraws what it has just posted and changes the earlier one.
 *
 * @param marker a hidden line, `<!-- quayside:preview -->`; put before the body if it is not in it
 * @param body at most 65,536 characters; or what makes it of the comment as it stands, undefined where there is none yet
 * @param options.shared other jobs may put theirs into the comment at the same moment. GitHub takes bodies whole and knows no
 *   condition for them, so one that was read before this one came would take it away: it is looked after, and said again
 */
export async function upsertComment(
  github: Github,
  number: number,
  marker: string,
  body: string | ((current: string | undefined) => string),
  options: { shared?: boolean } = {},
): Promise<CommentOutcome> {
  const write = (current: string | undefined): string => {
    const text = typeof body === "string" ? body : body(current);
    return text.includes(marker) ? text : `${marker}\n${text}`;
  };
  try {
    const said = await upsert(github, number, marker, write);
    return options.shared ? await lookAfter(github, number, marker, write, said) : said;
  } catch (error) {
    if (!(error instanceof GithubRefusal)) throw error;
    return { posted: false, reason: error.kind, message: error.message, fix: error.fix };
  }
}

async function upsert(
  github: Github,
  number: number,
  marker: string,
  say: (current: string | undefined) => string,
): Promise<CommentOutcome> {
  const existing = await findComment(github, number, marker);
  const body = say(existing?.body ?? undefined);
  if (existing && sameText(existing.body, body)) return outcome(existing, "unchanged");
  if (existing) return outcome(await write(github, existing.id, body), "updated");

  const find = () => findComment(github, number, marker);
  const made = await createOnce(github, () => create(github, number, body), find);
  const first = (await find()) ?? made;
  if (first.id === made.id) return outcome(made, "created");
  const merged = await write(github, first.id, say(first.body ?? undefined));
  await withdraw(github, made.id);
  return outcome(merged, "updated");
}

/** Longer than a job takes from reading the comment to writing it, in milliseconds. */
const UNTIL_WRITTEN_MS = 3_000;
const MOST_LOOKS = 5;

async function lookAfter(
  github: Github,
  number: number,
  marker: string,
  say: (current: string | undefined) => string,
  said: CommentOutcome,
): Promise<CommentOutcome> {
  for (let look = 1; look <= MOST_LOOKS; look++) {
    await github.sleep(UNTIL_WRITTEN_MS);
    const again = await upsert(github, number, marker, say);
    if (again.posted && again.action === "unchanged") break;
  }
  return said;
}

/** The token's own oldest comment with the marker. Comments come oldest first, so that the search ends at the first. */
async function findComment(github: Github, number: number, marker: string): Promise<Comment | undefined> {
  const pages = github.paginate.iterator("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...github.at,
    issue_number: number,
    per_page: 100,
  });
  for await (const { data } of pages)
    for (const comment of z.array(Comment).parse(data)) {
      if (!comment.body?.includes(marker)) continue;
      if (isViewer(comment.user?.login, await viewerLogin(github))) return comment;
    }
  return undefined;
}

async function create(github: Github, number: number, body: string): Promise<Comment> {
  const { data } = await github.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...github.at,
    issue_number: number,
    body,
  });
  return Comment.parse(data);
}

async function write(github: Github, id: number, body: string): Promise<Comment> {
  const { data } = await github.request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
    ...github.at,
    comment_id: id,
    body,
  });
  return Comment.parse(data);
}

/** Takes back a comment of this very run. If that fails it stays as a harmless copy: the older one goes on being used. */
async function withdraw(github: Github, id: number): Promise<void> {
  try {
    await github.request("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", {
      ...github.at,
      comment_id: id,
    });
  } catch (error) {
    if (!(error instanceof GithubRefusal)) throw error;
  }
}

function sameText(one: string | null | undefined, other: string): boolean {
  const plain = (text: string): string => text.replaceAll("\r\n", "\n").trimEnd();
  return plain(one ?? "") === plain(other);
}

function outcome(comment: Comment, action: "created" | "updated" | "unchanged"): CommentOutcome {
  return { posted: true, id: comment.id, url: comment.html_url, action };
}
