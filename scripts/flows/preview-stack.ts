import type { StackOutputs } from "../../infra/src/outputs.ts";
import { checkpointOf } from "../change/checkpoint.ts";
import { type Fingerprint, fingerprint, type Salt } from "../change/digest.ts";
import type { Change, Cost, EdgeChange, Hazard } from "../change/model.ts";
import type { Context } from "../context.ts";
import { findParts } from "../edge/parts.ts";
import { messageOf, UserError } from "../errors.ts";
import { latestReleases, type ReleaseStore } from "../release/store.ts";
import { redact } from "../secrets/redaction.ts";
import type { Dependent } from "../stack/dependencies.ts";
import { outputsBefore } from "../stack/outputs.ts";
import { previewStack } from "../stack/preview.ts";
import type { Project } from "../stack/stacks.ts";
import { assessChange } from "./assess-change.ts";
import { edgeChanges } from "./edge-changes.ts";
import { openStackTarget } from "./environment.ts";

/** Everything that one pull request's preview (or a release's plan) knows of one stack; a failure is a finding too. */
export interface StackPreview {
  stack: string;
  change?: Change;
  cost?: Cost;
  hazards: Hazard[];
  /** The labels that count for this very change. */
  approvals: string[];
  edge: EdgeChange[];
  /** Where the stack's sites are now, by name; empty for a stack that is not up yet. */
  siteUrls: Readonly<Record<string, string>>;
  /** Resources that stay as they are and depend on a changed one. */
  dependents: Dependent[];
  fingerprint?: Fingerprint;
  /** What the preview failed with, scrubbed. */
  failure?: { code: string; message: string; fix: string };
  seconds: number;
}

/** Previews one stack for people to look at. Never throws: what goes wrong is in the result. */
export async function previewForReview(
  context: Context,
  project: Project,
  stack: string,
  place: Pick<Salt, "repository" | "pullRequest" | "tag">,
  releases: ReleaseStore,
  /** Looks at the clouds first: what was changed by hand becomes part of the change. */
  refresh = false,
): Promise<StackPreview> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const opened = await openStackTarget(context, project, stack, "preview");
    const digestKey = opened.secrets.require("DIGEST_KEY");
    const [preview, { last }] = await Promise.all([
      context.reporter.step(
        `Preview of ${stack}`,
        (note) =>
          previewStack(opened.target, {
            digestKey,
            refresh,
            signal: context.signal,
            onProgress: (resources) => note(`${resources} resources`),
          }),
        ({ change }) => (change.steps.length === 0 ? "no changes" : `${change.steps.length} to change`),
      ),
      latestReleases(releases, stack),
    ]);
    const { change, cost, hazards } = await assessChange(context, project, opened, preview);
    return {
      stack,
      change,
      cost,
      hazards,
      approvals: [],
      edge: edgeChanges(findParts(opened.dir, context.root), preview.events, last),
      siteUrls: urlsOf(outputsBefore(preview.events)),
      dependents: preview.dependents,
      fingerprint: fingerprint(change, saltOf(digestKey, stack, place, preview.events)),
      seconds: seconds(),
    };
  } catch (error) {
    return {
      stack,
      hazards: [],
      approvals: [],
      edge: [],
      siteUrls: {},
      dependents: [],
      failure: failureOf(error, context),
      seconds: seconds(),
    };
  }
}

function urlsOf(outputs: StackOutputs | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs?.sites ?? {}).map(([name, { url }]) => [name, url]));
}

/**
 * What ties a digest to where it is shown. Between a release's plan and its update nothing else may move, so that the whole
 * state takes part; between a pull request and its deployment other merges may.
 */
export function saltOf(
  key: string,
  stack: string,
  place: Pick<Salt, "repository" | "pullRequest" | "tag">,
  events: Parameters<typeof checkpointOf>[0],
): Salt {
  return { key, stack, ...place, ...(place.tag === undefined ? {} : { checkpoint: checkpointOf(events) }) };
}

function failureOf(error: unknown, { reporter }: Context): NonNullable<StackPreview["failure"]> {
  if (error instanceof UserError) {
    return { code: error.code, message: redact(error.message), fix: redact(error.fix) };
  }
  const message = messageOf(error);
  reporter.say(error instanceof Error ? (error.stack ?? message) : message);
  return {
    code: "bug",
    message: redact(message),
    fix: "This is a bug of the pipeline; where it happened is in the job's log.",
  };
}
