import { z } from "zod";
import { compareChanges } from "../change/compare-changes.ts";
import { estimateCost } from "../change/cost.ts";
import { type Fingerprint, fingerprint } from "../change/digest.ts";
import { approvalLabel, findHazards } from "../change/hazards/index.ts";
import type { Hazard } from "../change/model.ts";
import { resourcesFromEvents } from "../change/read-resources.ts";
import { judge } from "../change/verdict.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { findCheck } from "../github/check.ts";
import { labels, type PullRequest, pullRequestOfCommit } from "../github/pulls.ts";
import { readCatalogue } from "../providers/hetzner.ts";
import type { Preview } from "../stack/preview.ts";
import type { Caller, OpenedStack } from "./environment.ts";
import { LIMITS } from "./limits.ts";

const Operation = z.enum(["create", "update", "replace", "delete", "import", "read", "refresh"]);
const FingerprintSchema: z.ZodType<Fingerprint> = z.object({
  schema: z.literal(1),
  stack: z.string(),
  digest: z.string(),
  outputs: z.string(),
  steps: z.array(z.object({ urn: z.string(), operation: Operation, hash: z.string() })),
  rest: z.object({ count: z.number(), hash: z.string() }).optional(),
});

/** The name of the check run that keeps what was reviewed for a stack. */
export function checkName(stack: string): string {
  return `preview / ${stack}`;
}

/**
 * Stops a deployment whose change is not what was reviewed, or whose hazards nobody allowed.
 *
 * The change must be the one that the pull request's head recorded in its check run; one that differs passes only if it has
 * no hazard. The hazards of a reviewed change must be allowed by labels on the pull request. A stack's first deployment, and a
 * push without a pull request, have nothing to be compared with and pass only without hazards.
 *
 * @throws UserError `plan-changed` or `hazard-unapproved` (exit code 3): nothing was touched
 */
export function reviewGuard(
  context: Context,
  caller: Caller,
  stack: OpenedStack,
  options: { unreviewed: boolean },
): (preview: Preview) => Promise<string | undefined> {
  return async (preview) => {
    const { github, event } = caller;
    const { change } = preview;
    if (!github || !event || options.unreviewed || change.steps.length === 0) return undefined;
    const pull = await pullRequestOfCommit(github, event.sha);
    const [check, allowed, hazards] = await Promise.all([
      pull ? findCheck(github, pull.headSha, checkName(stack.name)) : undefined,
      pull ? labels(github, pull.number) : [],
      hazardsOf(context, stack, preview),
    ]);
    const salt = {
      key: stack.secrets.require("DIGEST_KEY"),
      stack: stack.name,
      repository: `${event.repository.owner}/${event.repository.name}`,
      ...(pull ? { pullRequest: pull.number } : {}),
    };
    const now = fingerprint(change, salt);
    const reviewed = FingerprintSchema.safeParse(parseSummary(check?.summary)).data;
    const comparison = reviewed ? compareChanges(reviewed, now) : undefined;

    if (comparison?.same) {
      const { unapproved } = judge({ change, hazards, approvals: allowed });
      if (unapproved.length > 0) throw unapprovedError(stack.name, pull, unapproved);
      context.reporter.say(
        `  This is what was reviewed in #${pull?.number} (digest ${now.digest.slice(0, 12)}).`,
      );
      return now.digest;
    }
    const differences = comparison?.differences.map(
      ({ kind, urn }) => `\n  ${kind}: ${urn.split("::").slice(-2).join(" ")}`,
    );
    const why = differences
      ? `differs from what was reviewed in #${pull?.number}:${differences.join("")}`
      : pull
        ? `was not previewed on the head of #${pull.number}`
        : "came without a pull request";
    if (hazards.length === 0) {
      context.reporter.warn(`The change of ${stack.name} ${why}; it has no hazard, so it goes on.`);
      return undefined;
    }
    // The very first deployment creates everything, and there is nothing yet that could be lost.
    if (!reviewed && change.unchanged === 0 && hazards.every(({ severity }) => severity === "cost"))
      return undefined;
    throw new UserError(
      "plan-changed",
      `The change of ${stack.name} ${why}, and it has hazards:\n${hazards.map(describe).join("\n")}\nNothing was touched.`,
      "Open a pull request so that its preview shows this change, or run the deployment with --unreviewed.",
      EXIT.stopped,
    );
  };
}

async function hazardsOf(
  context: Context,
  { secrets }: OpenedStack,
  { change, events }: Preview,
): Promise<Hazard[]> {
  const token = secrets.require("HCLOUD_TOKEN");
  const catalogue = await readCatalogue(token, context.now(), [], secrets.get("HCLOUD_ENDPOINT"));
  const cost = estimateCost(resourcesFromEvents(events, { hashSecret: () => undefined }), catalogue);
  return findHazards(change, cost, LIMITS);
}

function unapprovedError(
  stack: string,
  pull: PullRequest | undefined,
  hazards: readonly Hazard[],
): UserError {
  return new UserError(
    "hazard-unapproved",
    `The change of ${stack} was reviewed in #${pull?.number}, but nobody allowed:\n${hazards.map(describe).join("\n")}\nNothing was touched.`,
    `Put on #${pull?.number}, merged as it is, the label ${hazards.map(approvalLabel).join(", ")}, and run this job again.`,
    EXIT.stopped,
  );
}

function describe({ rule, resource, what }: Hazard): string {
  return `  ${rule} (${resource}): ${what}`;
}

function parseSummary(summary: string | null | undefined): unknown {
  const json = /```json\n([\s\S]*?)\n```/.exec(summary ?? "")?.[1];
  if (!json) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    // Cut or changed by hand: nothing to compare with, so nothing passes that has a hazard.
    return undefined;
  }
}
