import type { Catalogue } from "../change/cost.ts";
import { estimateCost } from "../change/cost.ts";
import { type Fingerprint, fingerprint, type Salt } from "../change/digest.ts";
import { findHazards } from "../change/hazards/index.ts";
import type { Change, Cost, EdgeChange, Hazard } from "../change/model.ts";
import { resourcesFromEvents } from "../change/read-resources.ts";
import type { Context } from "../context.ts";
import { UserError } from "../errors.ts";
import { readCatalogue } from "../providers/hetzner.ts";
import { planCosts } from "../providers/plans.ts";
import { latestReleases, type ReleaseStore } from "../release/store.ts";
import { redact } from "../secrets/redaction.ts";
import { type Preview, previewStack } from "../stack/preview.ts";
import { type Project, stackSetting } from "../stack/stacks.ts";
import { edgeChanges } from "./edge-changes.ts";
import { openStackTarget } from "./environment.ts";
import { LIMITS } from "./limits.ts";

/** Everything that one pull request's preview knows of one stack; a failure is a finding too. */
export interface StackPreview {
  stack: string;
  change?: Change;
  cost?: Cost;
  hazards: Hazard[];
  edge: EdgeChange[];
  fingerprint?: Fingerprint;
  /** What the preview failed with, scrubbed. */
  failure?: { code: string; message: string; fix: string };
  seconds: number;
}

/** Previews one stack for a pull request. Never throws: what goes wrong is in the result. */
export async function previewForReview(
  context: Context,
  project: Project,
  stack: string,
  place: Pick<Salt, "repository" | "pullRequest">,
  releases: ReleaseStore,
): Promise<StackPreview> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const opened = await openStackTarget(context, project, stack, "preview");
    const digestKey = opened.secrets.require("DIGEST_KEY");
    const [preview, catalogue, { last }] = await Promise.all([
      context.reporter.step(
        `Preview of ${stack}`,
        (note) =>
          previewStack(opened.target, {
            digestKey,
            signal: context.signal,
            onProgress: (resources) => note(`${resources} resources`),
          }),
        ({ change }) => (change.steps.length === 0 ? "no changes" : `${change.steps.length} to change`),
      ),
      readCatalogue(
        opened.secrets.require("HCLOUD_TOKEN"),
        context.now(),
        planCosts((key) => stackSetting(project, stack, key)),
        opened.secrets.get("HCLOUD_ENDPOINT"),
      ),
      latestReleases(releases, stack),
    ]);
    const cost = costOf(preview, catalogue);
    return {
      stack,
      change: preview.change,
      cost,
      hazards: findHazards(preview.change, cost, LIMITS),
      edge: edgeChanges(context.root, preview.events, last),
      fingerprint: fingerprint(preview.change, { key: digestKey, stack, ...place }),
      seconds: seconds(),
    };
  } catch (error) {
    return { stack, hazards: [], edge: [], failure: failureOf(error, context), seconds: seconds() };
  }
}

function costOf({ events }: Preview, catalogue: Catalogue): Cost {
  return estimateCost(resourcesFromEvents(events, { hashSecret: () => undefined }), catalogue);
}

function failureOf(error: unknown, { reporter }: Context): NonNullable<StackPreview["failure"]> {
  if (error instanceof UserError) {
    return { code: error.code, message: redact(error.message), fix: redact(error.fix) };
  }
  const message = error instanceof Error ? error.message : String(error);
  reporter.say(error instanceof Error ? (error.stack ?? message) : message);
  return {
    code: "bug",
    message: redact(message),
    fix: "This is a bug of the pipeline; where it happened is in the job's log.",
  };
}
