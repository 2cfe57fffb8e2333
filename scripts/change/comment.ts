import { compose, type Rendered } from "./comment/compose.ts";
import type { CommentView } from "./comment/view.ts";

/** The hidden first line by which the comment is found again. */
export const COMMENT_MARKER = "<!-- quayside:preview -->";

/** GitHub takes no more characters in a comment's body. */
const COMMENT_CHARACTERS = 65_536;

/** Room for what is put in after a merge: what became of it on each stack, with the steps that differ. */
const OUTCOME_CHARACTERS = 6_000;

/** GitHub takes no more bytes in a step's summary (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary). */
const SUMMARY_BYTES = 1024 * 1024;

/**
 * One comment for all stacks, in GitHub's Markdown: the verdict first, then what is dangerous, what changes, what it costs.
 * Never longer than GitHub takes; `cut` says that something had to be left to the artifact.
 */
export function renderComment(view: CommentView): Rendered {
  return compose(view, {
    most: COMMENT_CHARACTERS - OUTCOME_CHARACTERS,
    measure: (text) => text.length,
    marker: COMMENT_MARKER,
  });
}

/** The same for the job's summary page, which has more room. */
export function renderSummary(view: CommentView): Rendered {
  return compose(view, { most: SUMMARY_BYTES, measure: (text) => Buffer.byteLength(text) });
}
