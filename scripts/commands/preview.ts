import { join } from "node:path";
import { renderPlain } from "../change/plain.ts";
import { judge } from "../change/verdict.ts";
import { EXIT, UserError } from "../errors.ts";
import { eachStack } from "../flows/each-stack.ts";
import { identifyCaller } from "../flows/environment.ts";
import { noPreview } from "../flows/no-preview.ts";
import { previewEdgeForReview } from "../flows/preview-edge-for-review.ts";
import { previewForReview } from "../flows/preview-stack.ts";
import { publishCandidate } from "../flows/publish-candidate.ts";
import { publishPreview, viewOf, writeArtifact } from "../flows/publish-preview.ts";
import { databaseForPull } from "../flows/pull-database.ts";
import { recordPreviews } from "../flows/record-previews.ts";
import { appendSummary } from "../github/output.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  usage: "preview -- [stack] [--out DIR]",
  examples: ["npm run preview", "npm run preview -- dev", "npm run preview -- --json"],
  positionals: ["stack"],
  options: { out: { type: "string" } },
  async run(context, { values, positionals }) {
    const project = readProject(context.root);
    const stacks = positionals[0] === undefined ? project.stacks : [requireStack(project, positionals[0])];
    const caller = identifyCaller(context);
    const { event, github } = caller;
    const pull = event?.kind === "pull_request" ? event : undefined;
    const queued = event?.kind === "merge_group" ? event : undefined;
    const none = noPreview(pull, context.env);
    if (none) {
      appendSummary(`${none.text}\n`, context.env);
      context.reporter.say(none.text);
      return { outcome: none.outcome };
    }

    const place = event
      ? {
          repository: `${event.repository.owner}/${event.repository.name}`,
          pullRequest: pull?.number ?? queued?.number,
        }
      : {};
    const [found, { database, notes: aboutDatabase }] = await Promise.all([
      eachStack(stacks, (stack) => previewForReview(context, project, stack, place, caller.releases)),
      pull && github
        ? databaseForPull(context, project, github, pull.number)
        : { database: undefined, notes: [] },
    ]);
    const out = typeof values.out === "string" ? values.out : join(context.root, ".preview");
    const { previews, notes: aboutEdge } = pull
      ? await previewEdgeForReview(context, project, pull, found, out)
      : { previews: found, notes: [] };
    const notes = [...aboutDatabase, ...aboutEdge];
    const commit = pull?.headSha ?? queued?.headSha ?? event?.sha ?? "local";
    writeArtifact(out, previews);
    const published =
      pull && github ? await publishPreview(context, github, pull, previews, notes, database) : undefined;
    if (queued && github) await recordPreviews(context, github, queued, previews);
    const shown = published?.previews ?? previews;
    context.reporter.say(
      `\n${renderPlain(viewOf(shown, event, commit, context.now(), { notes, database }), { color: false })}`,
    );
    if (event?.kind === "push") await publishCandidate(context, project, caller, event, previews);

    const failed = previews.filter(({ failure }) => failure);
    if (failed.length > 0) {
      throw new UserError(
        "preview-failed",
        failed.map(({ stack, failure }) => `${stack}: ${failure?.message}`).join("\n"),
        failed[0]?.failure?.fix ?? "",
        EXIT.failed,
      );
    }
    return {
      outcome: "succeeded",
      comment: published?.comment,
      database: database?.name,
      stacks: shown.map((preview) => ({
        stack: preview.stack,
        verdict: judge(preview).kind,
        steps: preview.change?.steps.length,
        digest: preview.fingerprint?.digest,
        costCents: preview.cost?.afterCents,
      })),
    };
  },
};
