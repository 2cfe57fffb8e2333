import { outcomeNote } from "../../change/comment/blocks.ts";
import { withOutcome } from "../../change/comment/outcome.ts";
import type { Outcome } from "../../change/comment/view.ts";
import { COMMENT_MARKER } from "../../change/comment.ts";
import type { Context } from "../../context.ts";
import { upsertComment } from "../../github/comment.ts";
import type { PullRequest } from "../../github/pulls.ts";
import { redact } from "../../secrets/redaction.ts";
import type { Project } from "../../stack/stacks.ts";
import type { Caller } from "../environment.ts";
import type { MergedPulls } from "./merged-pulls.ts";

/**
 * Says on the pull requests that a deployment brings what became of them on a stack; on those that were merged before and had
 * no deployment of their own, with which one they came. Never throws: what GitHub refuses is said in the log.
 */
export async function tellPulls(
  context: Context,
  project: Project,
  caller: Caller,
  pulls: MergedPulls,
  stack: string,
  outcome: Outcome,
): Promise<void> {
  await Promise.all(
    pulls.all.map((pull) => {
      const own = pull.number === pulls.own?.number;
      const said = own || !pulls.own ? outcome : { ...outcome, with: pulls.own.number };
      // The older ones' own steps are among the newer one's differences, which are told there.
      return tellPull(
        context,
        project,
        caller,
        pull,
        [stack],
        own ? said : { ...said, comparison: undefined },
      );
    }),
  );
}

/** Says on one pull request what became of it, the same on each of these stacks. */
export async function tellPull(
  context: Context,
  project: Project,
  { github, event }: Caller,
  pull: Pick<PullRequest, "number">,
  stacks: readonly string[],
  outcome: Outcome,
): Promise<void> {
  if (!github || stacks.length === 0) return;
  const whole: Outcome = { runUrl: event?.runUrl, at: context.now().toISOString(), ...outcome };
  const notes = stacks.map((stack) => {
    const subject = `On \`${stack}\` this change`;
    const shorter = { ...whole, why: undefined, comparison: undefined };
    return {
      stack,
      note: redact(outcomeNote(whole, subject)),
      shorter: redact(outcomeNote(shorter, subject)),
    };
  });
  try {
    // A push is deployed to each project by a job of its own, at once.
    const shared = project.homes.length > 1;
    const result = await upsertComment(
      github,
      pull.number,
      COMMENT_MARKER,
      (comment) =>
        notes.reduce(
          (text, { stack, note, shorter }) => withOutcome(text, stack, note, shorter),
          comment ?? `${COMMENT_MARKER}\n### Preview: none was made\n`,
        ),
      { shared },
    );
    if (!result.posted) throw new Error(`${result.message} (${result.reason})`);
  } catch (error) {
    // A word to people is never worth a deployment.
    context.reporter.warn(`#${pull.number} could not be told what became of it: ${String(error)}`);
  }
}
