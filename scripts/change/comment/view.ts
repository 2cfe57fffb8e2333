import type { Comparison } from "../compare-changes.ts";
import type { Change, Cost, EdgeChange, Hazard } from "../model.ts";
import type { PastPreview } from "./history.ts";

/** What is shown, where it is no pull request's preview: a release's plan. */
export type Subject = "Preview" | "Release candidate" | `Release ${string}`;

/** All that a comment shows. Links are left out where they are no http(s) URLs. */
export interface CommentView {
  /** The title's beginning; `Preview` where it is missing. */
  subject?: Subject;
  /** The commit's full sha. */
  commit: string;
  /** When the preview was made, ISO 8601. */
  at: string;
  runUrl?: string;
  commitUrl?: string;
  /** The whole report, for when something was cut. */
  artifactUrl?: string;
  /** One entry a stack, in the order that people should read. */
  stacks: readonly StackView[];
  /** What became of this preview since: shown above everything else. */
  outcome?: Outcome;
  /** Things that concern the whole preview (a fork's pull request gets no credentials, a comment could not be updated, …). */
  notes?: readonly string[];
  /** The database branch that the pull request has asked for. */
  database?: DatabaseBranch;
  /** The previews of this pull request, newest first, this one among them. */
  history?: readonly PastPreview[];
  /** With a graph of what changes and what depends on it. */
  graph?: boolean;
}

/** A branch at Neon. How one connects to it is told nowhere here: that has a password in it. */
export interface DatabaseBranch {
  name: string;
  /** The branch whose data it began with. */
  parent: string;
  /** The Neon project's id. */
  project: string;
  /** Its page in Neon's console. */
  url: string;
  /** When Neon deletes it by itself, ISO 8601. */
  until: string;
}

export interface StackView {
  stack: string;
  /** Missing where the preview did not get that far. */
  change?: Change;
  cost?: Cost;
  hazards: readonly Hazard[];
  /** The labels that count for this very digest. */
  approvals?: readonly string[];
  edge?: readonly EdgeChange[];
  digest?: string;
  durationMs: number;
  /** What stopped the preview; cause and fix are guessed from the message where they are not given. */
  failure?: { message: string; cause?: string; fix?: string };
  outcome?: Outcome;
  /** Resources that stay as they are and depend on a changed one, for the graph. */
  dependents?: readonly { urn: string; name: string; type: string; dependencies: readonly string[] }[];
}

/** What became of a preview after it was made. */
export interface Outcome {
  kind: "applied" | "stopped" | "failed" | "closed" | "outdated" | "merged" | "candidate";
  /** Why, in a sentence. */
  why?: string;
  /** The number of a later pull request that brought it along. */
  with?: number;
  runUrl?: string;
  /** ISO 8601. */
  at?: string;
  /** For what was stopped because it was another change than the reviewed one: each step that differs. */
  comparison?: Comparison;
}
