import type { Cost, Hazard, Step, Value } from "../model.ts";

/** What a team has set as its limits. */
export interface Limits {
  /** A change that costs more a month than this many cents more than before needs approval. */
  monthlyIncreaseCents?: number;
  /** A stack that costs more a month than this many cents needs approval to be changed at all. */
  monthlyTotalCents?: number;
}

/** What a rule may look at beside the step itself. */
export interface Circumstances {
  steps: readonly Step[];
  cost?: Cost;
  limits: Limits;
}

/** What a rule found; the rule that found it and the resource's name are added to it. */
export type Finding = Omit<Hazard, "rule" | "urn" | "resource" | "severity"> &
  Partial<Pick<Hazard, "rule" | "severity" | "urn" | "resource">>;

/** One rule: a file of its own. Those that come with the template have a row in index.ts, a team's own stand in `.rules/`. */
export interface HazardRule {
  /** Kebab-case; a finding may name a finer one (`replace-server`). */
  rule: string;
  severity: Hazard["severity"];
  /** For the documentation: what the rule looks for, in a sentence. */
  about: string;
  /** Looks at one step. Components never come here. */
  ofStep?(step: Step, circumstances: Circumstances): readonly Finding[];
  /** Looks at the change as a whole. */
  ofChange?(circumstances: Circumstances): readonly Finding[];
}

/** A property's value where it is plain data, with its members readable by name. */
export function members(value: Value | undefined): { [key: string]: Value | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function elements(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : [];
}
