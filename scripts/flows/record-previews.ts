import { judge } from "../change/verdict.ts";
import type { Context } from "../context.ts";
import { recordCheck } from "../github/check.ts";
import type { Github } from "../github/client.ts";
import type { StackPreview } from "./preview-stack.ts";
import { checkName } from "./review-guard.ts";

/**
 * Writes one check run a stack on the commit that was previewed, with the fingerprint of what was found. What GitHub refuses
 * is told, and fails nothing.
 */
export async function recordPreviews(
  context: Context,
  github: Github,
  at: { headSha: string; runUrl: string },
  previews: readonly StackPreview[],
): Promise<void> {
  const checks = previews.map((preview) => {
    const verdict = judge({ ...preview, approvals: [] });
    return recordCheck(github, {
      sha: at.headSha,
      name: checkName(preview.stack),
      conclusion: preview.failure ? "failure" : verdict.kind === "needs-approval" ? "neutral" : "success",
      title: verdict.words,
      summary: preview.fingerprint
        ? `What a deployment compares itself with:\n\n\`\`\`json\n${JSON.stringify(preview.fingerprint)}\n\`\`\`\n`
        : "The preview failed, so there is nothing to compare a deployment with.",
      externalId: preview.fingerprint?.digest.slice(0, 40) ?? "",
      detailsUrl: at.runUrl,
    });
  });
  await Promise.all(
    checks.map((check) =>
      check.catch((error: unknown) =>
        context.reporter.warn(`A check run could not be written: ${String(error)}`),
      ),
    ),
  );
}
