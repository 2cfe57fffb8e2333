/**
 * A change: what one preview found for one stack. Plain data, JSON all the way, so that it can be an artifact,
 * be compared, and be drawn as a comment without any engine at hand.
 */
export interface Change {
  schema: 1;
  stack: string;
  /** Every step but `same`, in the engine's order. */
  steps: Step[];
  /** How many resources stay as they are. */
  unchanged: number;
  /** Stack outputs that the update would change; values as in {@link Value}. */
  outputs: PropertyDiff[];
  /** The engine's warnings and errors, without colour codes, scrubbed of secrets. */
  diagnostics: Diagnostic[];
}

/** What the engine would do to one resource. `replace` stands once for its create-replacement and delete-replaced parts. */
export type Operation = "create" | "update" | "replace" | "delete" | "import" | "read" | "refresh";

export interface Step {
  urn: string;
  /** Pulumi type token, `hcloud:index/server:Server`. */
  type: string;
  /** The resource's logical name, the last part of the URN. */
  name: string;
  operation: Operation;
  /** The provider's id of what the step finds there; missing for what is new. */
  id?: string;
  /** The logical name's parent and the resources that this one depends on, as URNs; for the graph. */
  parent?: string;
  dependencies: string[];
  /** True when the state says `protect`. After the step, for creates and updates; before it, for deletes. */
  protected: boolean;
  /** `protect` before the step, where that differs from {@link Step.protected}. */
  wasProtected?: boolean;
  /** A grouping of the program's own (a component): nothing happens at a provider. */
  component?: true;
  /** Property paths whose change forces the replacement. */
  replaceKeys: string[];
  diffs: PropertyDiff[];
  /** All inputs before and after the step (`undefined` where there is no before or after): for cost and hazards. */
  before?: { [property: string]: Value };
  after?: { [property: string]: Value };
}

/** One changed property, at the finest path that is known: `labels.stack`, `rules[3].port`, `["odd key"].x`. */
export interface PropertyDiff {
  path: string;
  kind: "add" | "change" | "remove";
  /** This property's change forces a replacement. */
  replaces: boolean;
  before?: Value;
  after?: Value;
  /** The element of a list is the same and stood at this path before; `kind` is then `change`. */
  movedFrom?: string;
}

/** JSON, and two markers. Objects with exactly one key `$secret` or `$unknown` are markers, never data. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value } | Secret | Unknown;

/** A value nobody may see. `$secret` is a keyed hash (16 hex digits) or "" where the value is not known yet. */
export interface Secret {
  $secret: string;
}
/** A value that is known only after the update. */
export interface Unknown {
  $unknown: true;
}

export interface Diagnostic {
  severity: "info" | "warning" | "error";
  urn?: string;
  message: string;
}

/** Money is in cents of US dollars a month, to keep sums exact. */
export interface CostLine {
  urn: string;
  label: string;
  beforeCents: number;
  afterCents: number;
}
export interface Cost {
  lines: CostLine[];
  beforeCents: number;
  afterCents: number;
  /** Where the prices come from and of which day, for the comment's foot. */
  source: string;
  /** What costs money and has no price in the catalogue, each with the reason; never guessed. */
  unpriced?: string[];
}

export interface Hazard {
  /** The rule's name, kebab-case: `replace-server`. */
  rule: string;
  urn: string;
  /** The resource's logical name. */
  resource: string;
  severity: "data-loss" | "outage" | "security" | "cost";
  /** One plain sentence each. */
  what: string;
  avoid: string;
}

/** What the edge would do at the next deploy: by content hash against the stack's last release. */
export interface EdgeChange {
  kind: "worker" | "site" | "image";
  name: string;
  action: "create" | "update" | "same" | "remove";
  /** Content hashes, or image references, shortened for people. */
  before?: string;
  after?: string;
  previewUrl?: string;
}

export function isSecret(value: Value | undefined): value is Secret {
  return isMarker(value, "$secret");
}
export function isUnknown(value: Value | undefined): value is Unknown {
  return isMarker(value, "$unknown");
}
function isMarker(value: Value | undefined, key: string): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === key;
}
