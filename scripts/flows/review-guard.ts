import type { Comparison } from "../change/compare-changes.ts";
import { compareResumed } from "../change/compare-resumed.ts";
import { compareToReviews } from "../change/compare-to-reviews.ts";
import { type Decision, decideReview } from "../change/decide-review.ts";
import { fingerprint, type Salt } from "../change/digest.ts";
import { approvalLabel } from "../change/hazards/index.ts";
import type { Hazard } from "../change/model.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import type { PullRequest } from "../github/pulls.ts";
import type { Preview } from "../stack/preview.ts";
import type { Project } from "../stack/stacks.ts";
import { assessChange } from "./assess-change.ts";
import type { Caller, OpenedStack } from "./environment.ts";
import { readPolicy } from "./policy.ts";
import { type Approvals, countApprovals, NO_APPROVALS } from "./review/approvals.ts";
import type { MergedPulls } from "./review/merged-pulls.ts";
import { type ReviewRecord, readReview, reviewPlace } from "./review/record.ts";
import type { Mended } from "./update-stack.ts";

/** A deployment that the guard has stopped; `comparison` names the steps that are not what was reviewed. */
export class StoppedByReview extends UserError {
  readonly comparison: Comparison | undefined;

  constructor(
    code: "plan-changed" | "hazard-unapproved",
    message: string,
    fix: string,
    comparison?: Comparison,
  ) {
    super(code, `${message}\nNothing was touched.`, fix, EXIT.stopped);
    this.name = "StoppedByReview";
    this.comparison = comparison;
  }
}

/** What the guard has found, for whoever tells the pull requests. */
export interface Finding {
  comparison?: Comparison;
  decision?: Decision["kind"];
}

/** One pull request with what its head recorded and what its labels allow. */
interface Review {
  pull: PullRequest;
  record: ReviewRecord | undefined;
  approvals: Approvals;
}

/**
 * Stops a deployment whose change is not what was reviewed, or whose hazards nobody allowed.
 *
 * The change must be the one that the heads of its pull requests recorded in check runs. One that differs, or that came
 * without a pull request, goes by the stack's policy: `stop`, or `safe-only`, which lets it through where the difference has
 * no hazard. Where an update of the same commit was cut off, what is left of it must be what was reviewed
 * ({@link compareResumed}). Hazards must be allowed by labels that count for what was reviewed. A stack's very first deployment creates
 * everything; only what it costs can be a hazard then, and it passes.
 *
 * @throws StoppedByReview `plan-changed` or `hazard-unapproved` (exit code 3): nothing was touched
 */
export function reviewGuard(
  context: Context,
  project: Project,
  caller: Caller,
  stack: OpenedStack,
  pulls: MergedPulls,
): { guard(preview: Preview, mended: Pick<Mended, "resumes">): Promise<string>; finding: Finding } {
  const finding: Finding = {};
  const salted = (pullRequest?: number): Salt => ({
    key: stack.secrets.require("DIGEST_KEY"),
    stack: stack.name,
    ...(caller.event
      ? { repository: `${caller.event.repository.owner}/${caller.event.repository.name}` }
      : {}),
    ...(pullRequest === undefined ? {} : { pullRequest }),
  });
  return {
    finding,
    async guard(preview, { resumes }) {
      const { whenChanged } = readPolicy(project, stack.name);
      const [{ change, hazards }, reviews, releases] = await Promise.all([
        assessChange(context, project, stack, preview),
        Promise.all(pulls.all.map((pull) => reviewOf(caller, stack.name, pull))),
        caller.releases.list(stack.name, 100),
      ]);
      const { digest } = fingerprint(change, salted(pulls.own?.number));
      if (change.steps.length === 0 && change.outputs.length === 0) return digest;
      const isFirst = !releases.some(({ outcome }) => outcome === "succeeded");
      if (isFirst && hazards.every(({ severity }) => severity === "cost")) return digest;

      const recorded = reviews.flatMap(({ pull, record }) =>
        record ? [{ fingerprint: record.fingerprint, salt: salted(pull.number) }] : [],
      );
      const comparison = (resumes ? compareResumed : compareToReviews)(change, recorded);
      const approvals = new Set(reviews.flatMap((review) => [...review.approvals.counting]));
      const decision = decideReview({ policy: whenChanged, comparison, hazards, approvals });
      finding.comparison = comparison?.same ? undefined : comparison;
      finding.decision = decision.kind;
      const numbers = pulls.all.map(({ number }) => `#${number}`).join(", ");
      switch (decision.kind) {
        case "as-reviewed":
          context.reporter.say(
            resumes
              ? `  This is what is left of what was reviewed in ${numbers}.`
              : `  This is what was reviewed in ${numbers} (digest ${digest.slice(0, 12)}).`,
          );
          return digest;
        case "let-through":
          context.reporter.warn(
            `The change of ${stack.name} ${unlike(reviews, comparison, pulls)}\nThe difference has no hazard, so it goes on (policy safe-only).`,
          );
          return digest;
        case "changed":
          throw new StoppedByReview(
            "plan-changed",
            `The change of ${stack.name} ${unlike(reviews, comparison, pulls)}${decision.hazards.length > 0 ? `\nThe difference has hazards:\n${decision.hazards.map(describe).join("\n")}` : `\nThe policy of ${stack.name} is to stop then.`}`,
            "Open a pull request whose preview shows this change, and merge it. The policy is pipeline:whenChanged in the stack's configuration.",
            comparison,
          );
        case "unapproved":
          throw unapproved(stack.name, numbers, decision.hazards, reviews);
      }
    },
  };
}

async function reviewOf({ github }: Caller, stack: string, pull: PullRequest): Promise<Review> {
  if (!github) return { pull, record: undefined, approvals: NO_APPROVALS };
  const record = await readReview(github, reviewPlace(stack, pull.headSha));
  const approvals = await countApprovals(github, pull.number, record?.since);
  return { pull, record, approvals };
}

/** How the change is not what was reviewed: a half sentence, and a line for each step. */
function unlike(
  reviews: readonly Review[],
  comparison: Comparison | undefined,
  { own }: MergedPulls,
): string {
  if (reviews.length === 0) return "came without a pull request.";
  const missing = reviews.filter(({ record }) => !record).map(({ pull }) => `#${pull.number}`);
  if (!comparison) return `was not previewed on the head of ${missing.join(", ")}.`;
  const numbers = reviews.map(({ pull }) => `#${pull.number}`).join(", ");
  const lines = comparison.differences.map(
    ({ kind, urn, reviewed, now }) =>
      `\n  ${kind}: ${now ?? reviewed}${kind === "other" && now !== reviewed ? ` instead of ${reviewed}` : ""} ${urn.split("::").slice(-2).join(" ")}`,
  );
  const beside = [
    ...(comparison.outputs ? ["\n  other: the stack's outputs"] : []),
    ...(comparison.unnamed ? ["\n  and steps that are too many to be named"] : []),
    ...(own ? [] : ["\n  the commit itself came without a pull request"]),
    ...missing.map((number) => `\n  ${number} was not previewed on its head`),
  ];
  return `differs from what was reviewed in ${numbers}:${[...lines, ...beside].join("")}`;
}

function unapproved(
  stack: string,
  numbers: string,
  hazards: readonly Hazard[],
  reviews: readonly Review[],
): StoppedByReview {
  const labels = hazards.map(approvalLabel);
  const ignored = reviews.flatMap(({ approvals }) =>
    approvals.ignored.filter((reason) => labels.some((label) => reason.startsWith(`${label} `))),
  );
  return new StoppedByReview(
    "hazard-unapproved",
    `The change of ${stack} was reviewed in ${numbers}, but nobody allowed:\n${hazards.map(describe).join("\n")}${ignored.map((reason) => `\n  Does not count: ${reason}`).join("")}`,
    `Somebody who may write puts on ${numbers}, merged as it is, the label ${labels.join(", ")}, and runs this job again.${ignored.length > 0 ? " A label that does not count is taken off first." : ""}`,
  );
}

function describe({ rule, resource, what }: Hazard): string {
  return `  ${rule} (${resource}): ${what}`;
}
