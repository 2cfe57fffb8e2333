import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommentView, StackView } from "../change/comment/view.ts";
import { COMMENT_MARKER, renderComment, renderSummary } from "../change/comment.ts";
import type { Context } from "../context.ts";
import type { Github } from "../github/client.ts";
import { upsertComment } from "../github/comment.ts";
import type { GithubEvent } from "../github/event.ts";
import { appendSummary } from "../github/output.ts";
import { redact } from "../secrets/redaction.ts";
import type { StackPreview } from "./preview-stack.ts";
import { recordPreviews } from "./record-previews.ts";

/** Everything that the comment, the summary and the artifact say, in one. */
export function viewOf(
  previews: readonly StackPreview[],
  event: GithubEvent | undefined,
  commit: string,
  at: Date,
  notes: readonly string[] = [],
): CommentView {
  return {
    commit,
    at: at.toISOString(),
    runUrl: event?.runUrl,
    commitUrl: event
      ? `${event.serverUrl}/${event.repository.owner}/${event.repository.name}/commit/${commit}`
      : undefined,
    artifactUrl: event ? `${event.runUrl}#artifacts` : undefined,
    graph: true,
    notes,
    stacks: previews.map(
      ({ stack, change, cost, hazards, edge, fingerprint, failure, seconds }): StackView => ({
        stack,
        change,
        cost,
        hazards,
        edge,
        digest: fingerprint?.digest,
        durationMs: seconds * 1000,
        failure,
      }),
    ),
  };
}

/**
 * Publishes a preview: the comment, one check run a stack with the fingerprint of what was reviewed, the job summary, and
 * the whole of it as files for an artifact. What GitHub refuses is told, and fails nothing.
 */
export async function publishPreview(
  context: Context,
  github: Github,
  event: Extract<GithubEvent, { kind: "pull_request" }>,
  previews: readonly StackPreview[],
  notes: readonly string[],
): Promise<{ comment: string }> {
  const view = viewOf(previews, event, event.headSha, context.now(), notes);
  appendSummary(redact(renderSummary(view).markdown), context.env);

  const [comment] = await Promise.all([
    upsertComment(github, event.number, COMMENT_MARKER, redact(renderComment(view).markdown)),
    recordPreviews(context, github, event, previews),
  ]);
  if (!comment.posted) {
    context.reporter.warn(
      `The comment could not be written (${comment.reason}); it is in the job summary. ${comment.fix}`,
    );
    return { comment: "not posted" };
  }
  return { comment: comment.url };
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
