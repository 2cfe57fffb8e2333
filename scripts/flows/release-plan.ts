import { labelsAllowedBy } from "../change/approval-word.ts";
import { renderSummary } from "../change/comment.ts";
import { renderPlain } from "../change/plain.ts";
import { judge } from "../change/verdict.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { appendSummary } from "../github/output.ts";
import { redact } from "../secrets/redaction.ts";
import type { Project } from "../stack/stacks.ts";
import type { Caller } from "./environment.ts";
import { previewForReview, type StackPreview } from "./preview-stack.ts";
import { viewOf } from "./publish-preview.ts";
import { checkOf } from "./record-previews.ts";
import { passGate } from "./release-gate.ts";
import { placeOf, unapprovedRelease } from "./release-guard.ts";
import { planPlace, writeReview } from "./review/record.ts";

/**
 * Plans a release: passes the gate, previews, shows what would change, and writes down what it has shown, for the release job
 * of the same run to compare itself with. Whoever approves the environment has seen this.
 *
 * @throws UserError `gate-refused` or `hazard-unapproved` (both exit code 3) before anybody is asked, `preview-failed`
 */
export async function planRelease(
  context: Context,
  project: Project,
  caller: Caller,
  order: { stack: string; tag: string; refresh: boolean; allowed: readonly string[] },
): Promise<StackPreview> {
  const { stack, tag } = order;
  const { event, github } = caller;
  const { sha } = await context.reporter.step(`Gate for ${tag}`, () =>
    passGate(context, project, caller, stack, tag),
  );
  const found = await previewForReview(
    context,
    project,
    stack,
    placeOf(caller, tag),
    caller.releases,
    order.refresh,
  );
  const digest = found.fingerprint?.digest;
  const counting = digest === undefined ? new Set<string>() : labelsAllowedBy(order.allowed, digest);
  const isFirst = (await caller.releases.list(stack, 1)).length === 0;
  // What a stack costs is no surprise when it is made.
  const hazards = isFirst ? found.hazards.filter(({ severity }) => severity !== "cost") : found.hazards;
  const preview = { ...found, hazards, approvals: [...counting] };
  const view = viewOf([preview], event, sha, context.now(), { subject: `Release ${tag}` });
  appendSummary(redact(renderSummary(view).markdown), context.env);
  context.reporter.say(`\n${renderPlain(view, { color: false })}`);
  if (preview.failure) {
    const { message, fix } = preview.failure;
    throw new UserError("preview-failed", `${stack}: ${message}`, fix, EXIT.failed);
  }
  const verdict = judge(preview);
  if (github && event)
    await writeReview(
      github,
      planPlace(stack, sha, event.runId),
      { ...checkOf(preview, verdict), detailsUrl: event.runUrl },
      preview.fingerprint,
    );
  if (verdict.unapproved.length > 0) throw unapprovedRelease(stack, tag, verdict.unapproved, digest ?? "");
  return preview;
}
