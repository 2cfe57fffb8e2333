import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readHistory } from "../change/comment/history.ts";
import type { CommentView, DatabaseBranch, StackView, Subject } from "../change/comment/view.ts";
import { COMMENT_MARKER, renderComment, renderSummary } from "../change/comment.ts";
import { judge, worstVerdict } from "../change/verdict.ts";
import type { Context } from "../context.ts";
import type { Github } from "../github/client.ts";
import { upsertComment } from "../github/comment.ts";
import type { GithubEvent, PullRequestEvent } from "../github/event.ts";
import { appendSummary } from "../github/output.ts";
import { redact } from "../secrets/redaction.ts";
import type { StackPreview } from "./preview-stack.ts";
import { recordPreviews } from "./record-previews.ts";
import { type Approvals, countApprovals, NO_APPROVALS } from "./review/approvals.ts";
import { type ReviewRecord, readReview, reviewPlace } from "./review/record.ts";

/** Everything that the comment, the summary and the artifact say, in one. */
export function viewOf(
  previews: readonly StackPreview[],
  event: GithubEvent | undefined,
  commit: string,
  at: Date,
  {
    subject,
    notes = [],
    database,
  }: { subject?: Subject; notes?: readonly string[]; database?: DatabaseBranch | undefined } = {},
): CommentView {
  return {
    subject,
    commit,
    at: at.toISOString(),
    runUrl: event?.runUrl,
    commitUrl: event
      ? `${event.serverUrl}/${event.repository.owner}/${event.repository.name}/commit/${commit}`
      : undefined,
    artifactUrl: event ? `${event.runUrl}#artifacts` : undefined,
    graph: true,
    notes,
    database,
    stacks: previews.map(
      ({ fingerprint, seconds, ...preview }): StackView => ({
        ...preview,
        digest: fingerprint?.digest,
        durationMs: seconds * 1000,
      }),
    ),
  };
}

/**
 * Publishes a pull request's preview: the comment, one check run a stack with the fingerprint of what was reviewed, the job
 * summary. What GitHub refuses is told, and fails nothing.
 *
 * @returns the previews with the approvals that count for them, and where the comment is
 */
export async function publishPreview(
  context: Context,
  github: Github,
  event: PullRequestEvent,
  previews: readonly StackPreview[],
  notes: readonly string[],
  database: DatabaseBranch | undefined,
): Promise<{ comment: string; previews: StackPreview[] }> {
  const known = await Promise.all(previews.map((preview) => recall(context, github, event, preview)));
  const approved = previews.map((preview, index) => ({
    ...preview,
    approvals: [...(known[index]?.approvals.counting ?? [])],
  }));
  const ignored = known.flatMap(({ approvals }) =>
    approvals.ignored.map((reason) => `Does not count: ${reason}`),
  );
  const view = viewOf(approved, event, event.headSha, context.now(), {
    notes: [...notes, ...new Set(ignored)],
    database,
  });
  appendSummary(redact(renderSummary(view).markdown), context.env);

  const verdict = worstVerdict(approved.map((preview) => judge(preview).kind));
  const own = { commit: event.headSha, at: view.at, verdict, runUrl: event.runUrl };
  const previous = new Map(
    previews.flatMap(({ stack }, index) => {
      const record = known[index]?.previous;
      return record ? [[stack, record] as const] : [];
    }),
  );
  const [comment] = await Promise.all([
    upsertComment(github, event.number, COMMENT_MARKER, (current) => {
      const earlier = readHistory(current ?? "").filter(({ commit }) => commit !== event.headSha);
      return redact(renderComment({ ...view, history: [own, ...earlier] }).markdown);
    }),
    recordPreviews(context, github, event, approved, previous),
  ]);
  if (!comment.posted) {
    context.reporter.warn(
      `The comment could not be written (${comment.reason}); it is in the job summary. ${comment.fix}`,
    );
    return { comment: "not posted", previews: approved };
  }
  return { comment: comment.url, previews: approved };
}

/** What was shown before of the same change, and what its labels allow. A question that GitHub refuses is as if there were none. */
async function recall(
  context: Context,
  github: Github,
  event: PullRequestEvent,
  { stack, fingerprint }: StackPreview,
): Promise<{ previous: ReviewRecord | undefined; approvals: Approvals }> {
  try {
    const previous =
      (await readReview(github, reviewPlace(stack, event.headSha))) ??
      (event.headBefore ? await readReview(github, reviewPlace(stack, event.headBefore)) : undefined);
    const isSame = previous !== undefined && previous.fingerprint.digest === fingerprint?.digest;
    const approvals = await countApprovals(github, event.number, isSame ? previous.since : undefined);
    return { previous, approvals };
  } catch (error) {
    context.reporter.warn(`The labels and the last preview could not be read: ${String(error)}`);
    return { previous: undefined, approvals: NO_APPROVALS };
  }
}

/** Writes the whole preview as files, for an artifact that the comment links to. */
export function writeArtifact(folder: string, previews: readonly StackPreview[]): void {
  mkdirSync(folder, { recursive: true });
  for (const preview of previews) {
    const { fingerprint, ...rest } = preview;
    writeFileSync(
      join(folder, `preview-${preview.stack}.json`),
      redact(`${JSON.stringify({ ...rest, digest: fingerprint?.digest }, undefined, 2)}\n`),
    );
  }
}
