import { z } from "zod";
import { compareChanges } from "../change/compare-changes.ts";
import { type Fingerprint, fingerprint } from "../change/digest.ts";
import { findHazards } from "../change/hazards/index.ts";
import type { Context } from "../commands/command.ts";
import { EXIT, UserError } from "../errors.ts";
import { findCheck } from "../github/check.ts";
import { pullRequestOfCommit } from "../github/pulls.ts";
import type { Preview } from "../stack/preview.ts";
import type { Caller, OpenedStack } from "./environment.ts";

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
 * Compares what would be applied with what the pull request's reviewed head recorded. Equal changes pass. Others pass only
 * where what is different adds no hazard; else the deployment stops and names each step that nobody has reviewed.
 */
export function reviewGuard(
  context: Context,
  caller: Caller,
  stack: OpenedStack,
  options: { unreviewed: boolean },
): (preview: Preview) => Promise<void> {
  return async ({ change }) => {
    const { github, event } = caller;
    if (!github || !event || options.unreviewed || change.steps.length === 0) return;
    const pull = await pullRequestOfCommit(github, event.sha);
    const check = pull ? await findCheck(github, pull.headSha, checkName(stack.name)) : undefined;
    const reviewed = FingerprintSchema.safeParse(parse(check?.summary)).data;
    const salt = {
      key: stack.secrets.require("DIGEST_KEY"),
      stack: stack.name,
      repository: `${event.repository.owner}/${event.repository.name}`,
      ...(pull ? { pullRequest: pull.number } : {}),
    };
    const now = fingerprint(change, salt);
    const comparison = reviewed ? compareChanges(reviewed, now) : undefined;
    if (comparison?.same) {
      context.reporter.say(
        `  This is what was reviewed in #${pull?.number} (digest ${now.digest.slice(0, 12)}).`,
      );
      return;
    }
    const differences =
      comparison?.differences.map(({ kind, urn }) => `  ${kind}: ${urn.split("::").slice(-2).join(" ")}`) ??
      [];
    const why = reviewed
      ? `differs from what was reviewed in #${pull?.number}:\n${differences.join("\n")}`
      : pull
        ? `was not previewed on the head of #${pull.number}`
        : "came without a pull request";
    const hazards = findHazards(change, undefined, {});
    if (hazards.length === 0) {
      context.reporter.warn(`The change of ${stack.name} ${why}; it adds no hazard, so it goes on.`);
      return;
    }
    throw new UserError(
      "plan-changed",
      `The change of ${stack.name} ${why}, and has hazards: ${hazards.map(({ rule, resource }) => `${rule} (${resource})`).join(", ")}. Nothing was touched.`,
      "Open a pull request so that its preview shows this change, or run the deployment with --unreviewed.",
      EXIT.stopped,
    );
  };
}

function parse(text: string | null | undefined): unknown {
  const json = /```json\n([\s\S]*?)\n```/.exec(text ?? "")?.[1];
  return json ? (JSON.parse(json) as unknown) : undefined;
}
