import { countsSentence } from "../change/comment/words.ts";
import { renderSummary } from "../change/comment.ts";
import { judge } from "../change/verdict.ts";
import type { Context } from "../context.ts";
import type { PushEvent } from "../github/event.ts";
import { appendSummary } from "../github/output.ts";
import { redact } from "../secrets/redaction.ts";
import type { Project } from "../stack/stacks.ts";
import type { Caller } from "./environment.ts";
import type { StackPreview } from "./preview-stack.ts";
import { viewOf } from "./publish-preview.ts";
import { mergedPulls } from "./review/merged-pulls.ts";
import { tellPulls } from "./review/tell-pulls.ts";

/**
 * Shows what a release of a commit would do: in the job summary, and in a sentence on the pull requests that are in it. Since
 * nobody has tagged it yet, nothing is compared with this.
 */
export async function publishCandidate(
  context: Context,
  project: Project,
  caller: Caller,
  event: PushEvent,
  previews: readonly StackPreview[],
): Promise<void> {
  const view = viewOf(previews, event, event.sha, context.now(), { subject: "Release candidate" });
  appendSummary(redact(renderSummary(view).markdown), context.env);
  if (!caller.github) return;
  for (const preview of previews) {
    const [last] = await caller.releases.list(preview.stack, 1);
    const pulls = await mergedPulls(caller.github, context.root, event.sha, last?.sha);
    await tellPulls(context, project, caller, pulls, preview.stack, {
      kind: "candidate",
      why: sentenceOf(preview),
    });
  }
}

function sentenceOf(preview: StackPreview): string {
  const { kind, words } = judge(preview);
  if (!preview.change) return `${words}: ${preview.failure?.message ?? "it could not be previewed"}`;
  if (kind === "no-change") return "A release of it would change nothing.";
  const edge = preview.edge.filter(({ action }) => action !== "same").map(({ name }) => name);
  const infrastructure = countsSentence(preview.change).replace(/\.$/, "");
  return `A release of it: ${words.toLowerCase()}. ${infrastructure}${edge.length > 0 ? `; new at the edge: ${edge.join(", ")}` : ""}.`;
}
