import { approvalWord, labelsAllowedBy } from "../change/approval-word.ts";
import { type Comparison, compareChanges } from "../change/compare-changes.ts";
import { compareResumed } from "../change/compare-resumed.ts";
import { decideReview } from "../change/decide-review.ts";
import { fingerprint, type Salt } from "../change/digest.ts";
import type { Hazard } from "../change/model.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Preview } from "../stack/preview.ts";
import type { Project } from "../stack/stacks.ts";
import { assessChange } from "./assess-change.ts";
import type { Caller, OpenedStack } from "./environment.ts";
import { readPolicy } from "./policy.ts";
import { saltOf } from "./preview-stack.ts";
import { planPlace, readReview } from "./review/record.ts";
import type { Mended } from "./update-stack.ts";

/** What ties a plan's digest to its release. */
export function placeOf({ event }: Caller, tag: string): Pick<Salt, "repository" | "tag"> {
  return { tag, ...(event ? { repository: `${event.repository.owner}/${event.repository.name}` } : {}) };
}

/**
 * Stops a release that is not what its plan job has shown: another change, or another state that it starts from. Where its own
 * update was cut off, what is left of it must be what was shown ({@link compareResumed}). On a terminal
 * there is no plan job, and only hazards stop it.
 *
 * @param order.allowed words of {@link approvalWord}; only who may write to the repository can start a release by hand
 * @throws UserError `plan-changed` or `hazard-unapproved` (exit code 3): nothing was touched
 */
export function releaseGuard(
  context: Context,
  project: Project,
  caller: Caller,
  stack: OpenedStack,
  order: { tag: string; sha: string; allowed: readonly string[] },
): (preview: Preview, mended: Pick<Mended, "resumes">) => Promise<string> {
  const { event, github } = caller;
  return async (preview, { resumes }) => {
    const { tag, sha } = order;
    const [{ change, hazards: found }, releases] = await Promise.all([
      assessChange(context, project, stack, preview),
      caller.releases.list(stack.name, 1),
    ]);
    const hazards = releases.length === 0 ? found.filter(({ severity }) => severity !== "cost") : found;
    const key = stack.secrets.require("DIGEST_KEY");
    const salt = saltOf(key, stack.name, placeOf(caller, tag), preview.events);
    const now = fingerprint(change, salt);
    if (!github || !event) {
      const approvals = labelsAllowedBy(order.allowed, now.digest);
      const decision = decideReview({ policy: "stop", comparison: SAME, hazards, approvals });
      if (decision.kind === "unapproved")
        throw unapprovedRelease(stack.name, tag, decision.hazards, now.digest);
      return now.digest;
    }
    const planned = await readReview(github, planPlace(stack.name, sha, event.runId));
    const comparison =
      planned &&
      (resumes
        ? compareResumed(change, [{ fingerprint: planned.fingerprint, salt }])
        : compareChanges(planned.fingerprint, now));
    // What is left of a change has a digest of its own, that nobody was shown.
    const shown = planned && comparison?.same ? planned.fingerprint.digest : now.digest;
    const approvals = labelsAllowedBy(order.allowed, shown);
    const { whenChanged: policy } = readPolicy(project, stack.name);
    const decision = decideReview({ policy, comparison, hazards, approvals });
    switch (decision.kind) {
      case "as-reviewed":
        context.reporter.say(
          resumes
            ? "  This is what is left of what the plan has shown."
            : `  This is what the plan has shown (digest ${now.digest.slice(0, 12)}).`,
        );
        return now.digest;
      case "let-through":
        context.reporter.warn(
          `${tag} is not what its plan has shown; the difference has no hazard, so it goes on.`,
        );
        return now.digest;
      case "unapproved":
        throw unapprovedRelease(stack.name, tag, decision.hazards, now.digest);
      case "changed":
        throw new UserError(
          "plan-changed",
          `What ${tag} would do to ${stack.name} is not what its plan has shown${describe(comparison)}\nNothing was touched.`,
          "Run all jobs of this run again: a new plan is made, and shown to whoever approves.",
          EXIT.stopped,
        );
    }
  };
}

/** Says how to allow the hazards of a release, whoever finds them unallowed. */
export function unapprovedRelease(
  stack: string,
  tag: string,
  hazards: readonly Hazard[],
  digest: string,
): UserError {
  const words = hazards.map((hazard) => approvalWord(hazard, digest)).join(" ");
  return new UserError(
    "hazard-unapproved",
    `Nobody has allowed what ${tag} would do to ${stack}:\n${hazards.map(({ rule, resource, what }) => `  ${rule} (${resource}): ${what}`).join("\n")}\nNothing was touched.`,
    `To allow it, for this change only: gh workflow run release-${stack}.yml --ref ${tag} -f allow='${words}'`,
    EXIT.stopped,
  );
}

const SAME: Comparison = { same: true, differences: [], outputs: false, unnamed: false };

function describe(comparison: Comparison | undefined): string {
  if (!comparison) return ": this run has no plan.";
  const lines = comparison.differences.map(
    ({ kind, urn, now, reviewed }) =>
      `\n  ${kind}: ${now ?? reviewed} ${urn.split("::").slice(-2).join(" ")}`,
  );
  return lines.length > 0
    ? `:${lines.join("")}`
    : ", though its steps are the same: the state that it starts from has moved, by another update.";
}
