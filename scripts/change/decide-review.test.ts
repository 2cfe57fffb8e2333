import { describe, expect, it } from "vitest";
import type { Comparison, StepDifference } from "./compare-changes.ts";
import { decideReview, type Evidence } from "./decide-review.ts";
import { approvalLabel } from "./hazards/index.ts";
import type { Hazard } from "./model.ts";

const SAME: Comparison = { same: true, differences: [], outputs: false, unnamed: false };
const hazard = (resource: string, urn = `urn:${resource}`): Hazard => ({
  rule: "delete-volume",
  urn,
  resource,
  severity: "data-loss",
  what: "",
  avoid: "",
});
const differsIn = (...names: string[]): Comparison => ({
  ...SAME,
  same: false,
  differences: names.map((name): StepDifference => ({ urn: `urn:${name}`, kind: "new", now: "create" })),
});
const decide = (over: Partial<Evidence>) =>
  decideReview({ policy: "safe-only", comparison: SAME, hazards: [], approvals: new Set(), ...over });
const allowing = (...hazards: Hazard[]) => new Set(hazards.map(approvalLabel));

describe("what was reviewed", () => {
  it("is applied, by either policy", () => {
    expect(decide({})).toEqual({ kind: "as-reviewed" });
    expect(decide({ policy: "stop" })).toEqual({ kind: "as-reviewed" });
  });

  it("waits for the approval of each of its hazards", () => {
    const hazards = [hazard("data"), hazard("logs")];
    expect(decide({ hazards, approvals: allowing(hazard("data")) })).toEqual({
      kind: "unapproved",
      hazards: [hazard("logs")],
    });
    expect(decide({ hazards, approvals: allowing(...hazards) })).toEqual({ kind: "as-reviewed" });
  });
});

describe("another change than the reviewed one", () => {
  it("is stopped by the policy stop, whatever it is", () => {
    expect(decide({ policy: "stop", comparison: differsIn("a") })).toEqual({ kind: "changed", hazards: [] });
  });

  it("goes on by the policy safe-only where the difference has no hazard", () => {
    expect(decide({ comparison: differsIn("a") })).toEqual({ kind: "let-through" });
    expect(decide({ comparison: { ...SAME, same: false, outputs: true } })).toEqual({ kind: "let-through" });
  });

  it("is stopped where the difference has a hazard, and an approval of the reviewed change is none of it", () => {
    const hazards = [hazard("a")];
    expect(decide({ comparison: differsIn("a"), hazards, approvals: allowing(...hazards) })).toEqual({
      kind: "changed",
      hazards,
    });
  });

  it("needs the approval of hazards that it shares with the reviewed one, and takes it", () => {
    const hazards = [hazard("data")];
    const comparison = differsIn("another");
    expect(decide({ comparison, hazards })).toEqual({ kind: "unapproved", hazards });
    expect(decide({ comparison, hazards, approvals: allowing(...hazards) })).toEqual({ kind: "let-through" });
  });

  it("has a hazard of the whole change, and where not every difference is named all of them, in the difference", () => {
    const cost = hazard("dev", "");
    expect(decide({ comparison: differsIn("a"), hazards: [cost], approvals: allowing(cost) }).kind).toBe(
      "changed",
    );
    const unnamed = { ...differsIn("a"), unnamed: true };
    expect(decide({ comparison: unnamed, hazards: [hazard("b")] }).kind).toBe("changed");
  });
});

describe("a change that nobody has reviewed", () => {
  it("goes by the same policy, with every hazard in the difference", () => {
    const hazards = [hazard("a")];
    expect(decide({ comparison: undefined })).toEqual({ kind: "let-through" });
    expect(decide({ comparison: undefined, policy: "stop" })).toEqual({ kind: "changed", hazards: [] });
    expect(decide({ comparison: undefined, hazards, approvals: allowing(...hazards) })).toEqual({
      kind: "changed",
      hazards,
    });
  });
});
