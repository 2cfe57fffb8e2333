import { judge, type Verdict } from "../change/verdict.ts";
import type { Context } from "../context.ts";
import type { NewCheck } from "../github/check.ts";
import type { Github } from "../github/client.ts";
import type { StackPreview } from "./preview-stack.ts";
import { type ReviewRecord, reviewPlace, writeReview } from "./review/record.ts";

/**
 * Writes one check run a stack on the commit that was previewed, with the fingerprint of what was found. What GitHub refuses
 * is told, and fails nothing.
 *
 * @param previous what people were shown before, by stack
 */
export async function recordPreviews(
  context: Context,
  github: Github,
  at: { headSha: string; runUrl: string },
  previews: readonly StackPreview[],
  previous: ReadonlyMap<string, ReviewRecord> = new Map(),
): Promise<void> {
  await Promise.all(
    previews.map((preview) =>
      writeReview(
        github,
        reviewPlace(preview.stack, at.headSha),
        { ...checkOf(preview, judge(preview)), detailsUrl: at.runUrl },
        preview.fingerprint,
        previous.get(preview.stack),
      ).catch((error: unknown) =>
        context.reporter.warn(
          `A check run could not be written, so a deployment will find nothing to compare itself with: ${String(error)}`,
        ),
      ),
    ),
  );
}

/** How a preview looks in the list of checks: red where it failed, grey where somebody has to approve. */
export function checkOf(
  { failure, hazards }: StackPreview,
  { kind, words, unapproved }: Verdict,
): Pick<NewCheck, "conclusion" | "title"> & { text: string } {
  const waiting = unapproved.map(({ rule, resource }) => `- ${rule} on \`${resource.replaceAll("`", "'")}\``);
  return {
    conclusion: failure ? "failure" : kind === "needs-approval" ? "neutral" : "success",
    title: words,
    text: failure
      ? "The preview failed; the comment has its cause."
      : waiting.length > 0
        ? `Waits for an approval of:\n\n${waiting.slice(0, 50).join("\n")}`
        : hazards.length > 0
          ? "Every hazard is allowed."
          : "No hazard.",
  };
}
