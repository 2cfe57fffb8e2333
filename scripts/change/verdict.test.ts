import { expect, it } from "vitest";
import type { Change, Hazard } from "./model.ts";
import { judge } from "./verdict.ts";

const empty: Change = { schema: 1, stack: "dev", steps: [], unchanged: 3, outputs: [], diagnostics: [] };
const hazard: Hazard = {
  rule: "replace-server",
  urn: "urn",
  resource: "app-1",
  severity: "outage",
  what: "Replaces it.",
  avoid: "Don't.",
};

it("calls a preview safe, in need of approval, failing, or without change", () => {
  const output = { path: "url", kind: "add" as const, replaces: false, after: "x" };
  expect(judge({ change: empty, hazards: [] }).kind).toBe("no-change");
  expect(judge({ change: { ...empty, outputs: [output] }, hazards: [] }).kind).toBe("safe");
  expect(judge({ change: empty, hazards: [hazard] }).kind).toBe("needs-approval");
  expect(judge({ hazards: [] }).kind).toBe("will-fail");
  const failing = { ...empty, diagnostics: [{ severity: "error" as const, message: "no" }] };
  expect(judge({ change: failing, hazards: [hazard] }).kind).toBe("will-fail");
  expect(judge({ change: empty, hazards: [], failure: new Error("no") }).kind).toBe("will-fail");
});

it("counts a change at the edge alone as a change", () => {
  const edge = [{ kind: "worker" as const, name: "intake", action: "update" as const }];
  expect(judge({ change: empty, hazards: [], edge }).kind).toBe("safe");
  expect(
    judge({ change: empty, hazards: [], edge: [{ ...edge[0], kind: "site", name: "www", action: "same" }] })
      .kind,
  ).toBe("no-change");
});

it("takes a hazard as allowed by exactly its own label", () => {
  const withLabel = (label: string) => judge({ change: empty, hazards: [hazard], approvals: [label] });
  expect(withLabel("allow:replace-server:app-1").unapproved).toEqual([]);
  expect(withLabel("allow:replace-server:app-2").kind).toBe("needs-approval");
});
