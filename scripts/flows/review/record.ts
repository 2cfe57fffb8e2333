import { z } from "zod";
import type { Fingerprint } from "../../change/digest.ts";
import { findCheck, type NewCheck, recordCheck } from "../../github/check.ts";
import type { Github } from "../../github/client.ts";

/** What a check run keeps of a change that people were shown. */
export interface ReviewRecord {
  fingerprint: Fingerprint;
  /** From when on this very digest was what people were shown, in milliseconds by GitHub's clock. */
  since: number;
}

/** Where a record is kept: a check run of that name on that commit, of one workflow run where only that one's counts. */
export interface Place {
  sha: string;
  name: string;
  externalId?: string;
}

/** The check run of a pull request's head that keeps what was reviewed for a stack. */
export function reviewPlace(stack: string, sha: string): Place {
  return { sha, name: `preview / ${stack}` };
}

/** The check run that keeps what the reviewers of a release's environment were shown, by the workflow run that asked them. */
export function planPlace(stack: string, sha: string, runId: number): Place {
  return { sha, name: `plan / ${stack}`, externalId: `run-${runId}` };
}

const Operation = z.enum(["create", "update", "replace", "delete", "import", "read", "refresh"]);
const Kept = z.object({
  schema: z.literal(1),
  stack: z.string(),
  digest: z.string(),
  outputs: z.string(),
  steps: z.array(
    z.object({
      urn: z.string(),
      operation: Operation,
      hash: z.string(),
      open: z.object({ paths: z.array(z.string()), hash: z.string() }).optional(),
    }),
  ),
  rest: z.object({ count: z.number(), hash: z.string() }).optional(),
  since: z.iso.datetime().optional(),
});

/** Reads a record back; undefined where none was written by the workflow's own token, or it can't be read. */
export async function readReview(github: Github, place: Place): Promise<ReviewRecord | undefined> {
  const check = await findCheck(github, place.sha, place.name, place.externalId);
  const kept = Kept.safeParse(jsonOf(check?.summary)).data;
  if (!kept || !check?.completedAt) return undefined;
  const { since, ...fingerprint } = kept;
  return { fingerprint, since: Date.parse(since ?? check.completedAt) };
}

/**
 * Writes a record. `previous` is what people were shown before: of the same digest, the time from which approvals count goes
 * on; else it begins now, by GitHub's clock.
 */
export async function writeReview(
  github: Github,
  place: Place,
  check: Pick<NewCheck, "conclusion" | "title" | "detailsUrl"> & { text: string },
  fingerprint: Fingerprint | undefined,
  previous?: ReviewRecord,
): Promise<void> {
  const goesOn = fingerprint && previous?.fingerprint.digest === fingerprint.digest;
  const kept = { ...fingerprint, ...(goesOn ? { since: new Date(previous.since).toISOString() } : {}) };
  await recordCheck(github, {
    sha: place.sha,
    name: place.name,
    conclusion: check.conclusion,
    title: check.title,
    summary: fingerprint
      ? `${check.text}\n\n<details><summary>What a deployment compares itself with</summary>\n\n\`\`\`json\n${JSON.stringify(kept)}\n\`\`\`\n\n</details>\n`
      : `${check.text}\n\nThere is nothing to compare a deployment with.`,
    externalId: place.externalId ?? fingerprint?.digest.slice(0, 40) ?? "",
    detailsUrl: check.detailsUrl,
  });
}

function jsonOf(summary: string | null | undefined): unknown {
  const json = /```json\n([\s\S]*?)\n```/.exec(summary ?? "")?.[1];
  if (!json) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    // Cut, or written by something else: nothing to compare with.
    return undefined;
  }
}
