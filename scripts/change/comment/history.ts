import { z } from "zod";
import { VERDICT_WORDS, type VerdictKind } from "../verdict.ts";
import { fold } from "./blocks.ts";
import { code, link, prose, safeUrl } from "./escape.ts";
import { plural, time } from "./words.ts";

/** One preview of a pull request, as the comment remembers it when a newer one takes its place. */
export interface PastPreview {
  /** The commit's full sha. */
  commit: string;
  /** ISO 8601. */
  at: string;
  verdict: VerdictKind;
  runUrl?: string;
}

const MOST = 8;
const Verdicts = z.enum(Object.keys(VERDICT_WORDS) as [VerdictKind, ...VerdictKind[]]);
const Past = z.array(
  z.object({
    commit: z.string().regex(/^[0-9a-f]{7,64}$/),
    at: z.iso.datetime(),
    verdict: Verdicts,
    runUrl: z.string().max(500).optional(),
  }),
);
const LINE = /<!-- quayside:history ([\w-]+) -->/;

/** The previews that a comment remembers, newest first, its own among them. Anybody may have edited it: what is ill-formed is left out. */
export function readHistory(comment: string): PastPreview[] {
  const encoded = LINE.exec(comment)?.[1];
  if (!encoded) return [];
  try {
    return Past.parse(JSON.parse(Buffer.from(encoded, "base64url").toString())).slice(0, MOST);
  } catch {
    return [];
  }
}

/** A hidden line for {@link readHistory}, and the earlier previews folded. `previews` has the comment's own first. */
export function historyBlock(previews: readonly PastPreview[]): string {
  const kept = previews.slice(0, MOST);
  const hidden = `<!-- quayside:history ${Buffer.from(JSON.stringify(kept)).toString("base64url")} -->`;
  const earlier = kept.slice(1);
  if (earlier.length === 0) return hidden;
  const rows = earlier.map(({ commit, at, verdict, runUrl }) => {
    const run = safeUrl(runUrl);
    return `| ${code(commit.slice(0, 7))} | ${prose(time(at), 60)} | ${VERDICT_WORDS[verdict]} | ${run ? link("run", run) : ""} |`;
  });
  const table = ["| Commit | Previewed | Verdict | |", "| :-- | :-- | :-- | :-- |", ...rows].join("\n");
  return `${fold(plural(earlier.length, "earlier preview"), table)}\n\n${hidden}`;
}
