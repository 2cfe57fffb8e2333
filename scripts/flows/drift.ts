import type { PropertyDiff, Step } from "../change/model.ts";
import type { Context } from "../context.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { describeStray, STRAY_WORDS, straysOf } from "../release/live.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { latestReleases, type ReleaseStore } from "../release/store.ts";
import { checksOf, verify } from "../release/verify.ts";
import { outputsBefore } from "../stack/outputs.ts";
import { previewStack } from "../stack/preview.ts";
import { withoutNoise } from "./drift-noise.ts";
import type { OpenedStack } from "./environment.ts";
import { readLive } from "./read-live.ts";

export interface Drift {
  stack: string;
  /** What the stack is compared with; undefined before its first release. */
  release: ReleaseManifest | undefined;
  findings: DriftFinding[];
}

/** One thing that is not as the pipeline left it. */
export interface DriftFinding {
  /** Where it was found: in a cloud, at the edge, on a server. */
  kind: "resource" | "edge" | "server";
  /** The same from night to night as long as it is the same thing: a URN, or the name of a part. */
  key: string;
  /** One sentence for a log. */
  what: string;
  /** The same in its parts, for whoever sets names and values apart: `Worker`, `intake`, `runs`. */
  part: string;
  name?: string;
  verb: string;
  /** What is found, and what should be, where that is one value each. */
  is?: string;
  should?: string;
  /** What is different of a resource: `before` as the last update left it, `after` as it is. */
  diffs: PropertyDiff[];
  /** ISO 8601, and who it was, where the cloud says it. */
  since?: string;
  by?: string;
}

/** How long a server may take to answer before that is a finding, in milliseconds. */
const SERVER_LIMIT_MS = 5000;

/**
 * Looks for what was changed past the pipeline: in the clouds (a refresh that only previews), at the edge, and on the
 * servers. Changes nothing.
 */
export async function findDrift(
  context: Context,
  releases: ReleaseStore,
  stack: OpenedStack,
  again = false,
): Promise<Drift> {
  const { change, events } = await context.reporter.step(
    `Refresh of ${stack.name}`,
    (note) =>
      previewStack(stack.target, {
        digestKey: stack.secrets.require("DIGEST_KEY"),
        refresh: true,
        signal: context.signal,
        onProgress: (resources) => note(`${resources} resources`),
      }),
    (preview) => `${driftedSteps(preview.change.steps).length} drifted`,
  );
  // What the pipeline left, whatever came of it: a deployment that failed half-way is no drift.
  const { last: release } = await latestReleases(releases, stack.name);
  const outputs = outputsBefore(events);
  const findings = driftedSteps(change.steps).map(findingOf);
  if (!release || !outputs) return { stack: stack.name, release, findings };

  const api = cloudflare(
    stack.secrets.require("CLOUDFLARE_API_TOKEN"),
    stack.secrets.get("CLOUDFLARE_BASE_URL"),
  );
  const servers = new Set(outputs.servers.map(({ name }) => name));
  const [live, answers] = await Promise.all([
    readLive(api, outputs, release),
    verify(
      checksOf(release, outputs).filter(({ part }) => servers.has(part)),
      { limitMs: SERVER_LIMIT_MS, signal: context.signal },
    ),
  ]);
  const edge = straysOf(release, live).map(
    (stray): DriftFinding => ({
      kind: "edge",
      key: `${stray.kind} ${stray.name}`,
      what: describeStray(stray),
      ...STRAY_WORDS[stray.kind],
      ...(stray.kind === "record" ? {} : { name: stray.name }),
      ...(stray.kind === "route" ? { is: stray.should } : { is: stray.is, should: stray.should }),
      diffs: [],
      since: stray.since,
      by: stray.by,
    }),
  );
  const wrong = answers
    .filter(({ ok }) => !ok)
    .map(
      ({ part, problem }): DriftFinding => ({
        kind: "server",
        key: `server ${part}`,
        what: `Server ${part} ${problem ?? "answers wrong"}, and should run ${release.image}.`,
        part: "Server",
        name: part,
        ...(problem?.startsWith("runs ")
          ? { verb: "runs", is: problem.slice(5) }
          : { verb: problem ?? "answers wrong" }),
        should: release.image,
        diffs: [],
      }),
    );
  const all = [...findings, ...edge, ...wrong];
  // A deployment that ended meanwhile has moved what this looked at: it looks once more, at what that left.
  const { last: now } = await latestReleases(releases, stack.name);
  if (all.length > 0 && now?.id !== release.id && !again) return findDrift(context, releases, stack, true);
  return { stack: stack.name, release, findings: all };
}

/** What a refresh found different; what the code would change besides is a matter for previews. */
function driftedSteps(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => (step.operation === "refresh" ? (withoutNoise(step) ?? []) : []));
}

function findingOf({ urn, name, type, after, diffs }: Step): DriftFinding {
  const kind = type.split(":").at(-1) ?? type;
  return {
    kind: "resource",
    key: urn,
    what: after ? `${kind} ${name} was changed.` : `${kind} ${name} is gone.`,
    part: kind,
    name,
    verb: after ? "was changed" : "is gone",
    diffs: after ? diffs : [],
  };
}
