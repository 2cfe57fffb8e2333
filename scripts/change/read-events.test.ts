import { readFileSync } from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, it } from "vitest";
import type { Change, Step } from "./model.ts";
import { changeFromEvents } from "./read-events.ts";
import { type ReadOptions, resourcesFromEvents } from "./read-resources.ts";

// Recorded from the engine v3.259.0 with a small hcloud provider; times and folders are taken out.
function recorded(name: string): EngineEvent[] {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));
}

const blind: ReadOptions = { hashSecret: () => undefined };

function read(name: string, options = blind): Change {
  return changeFromEvents("dev", recorded(name), options);
}

function stepNamed(change: Change, name: string, operation?: string): Step {
  const step = change.steps.find((one) => one.name === name && (!operation || one.operation === operation));
  if (!step) throw new Error(`no step ${operation ?? ""} ${name}`);
  return step;
}

describe("a change from the engine's events", () => {
  it("has one step a resource, without the default provider", () => {
    const change = read("mixed");
    expect(change.steps.map(({ operation, name }) => `${operation} ${name}`)).toEqual([
      "update deploy",
      "update edge",
      "replace app-1",
      "create app-2-ipv4",
      "update data",
      "delete old",
    ]);
    expect(change.unchanged).toBe(3);
  });

  it("makes one step of a replacement's three parts, in either order, with the keys that force it", () => {
    const replaced = stepNamed(read("mixed"), "app-1");
    expect(replaced.replaceKeys).toEqual(["userData"]);
    expect(replaced.diffs.map(({ path, replaces }) => [path, replaces])).toEqual([
      ["labels.role", false],
      ["labels.team", false],
      ["serverType", false],
      ["userData", true],
    ]);
    const deletedFirst = read("delete-before-replace");
    expect(deletedFirst.steps.map(({ operation, name }) => `${operation} ${name}`)).toEqual(["replace data"]);
    expect(deletedFirst.steps[0]?.replaceKeys).toEqual(["location"]);
    expect(deletedFirst.steps[0]?.before?.location).toBe("hil");
    expect(deletedFirst.steps[0]?.after?.location).toBe("nbg1");
  });

  it("never shows a value that was in clear before and is secret now, nor one from the engine's debug messages", () => {
    const text = JSON.stringify(read("mixed"));
    expect(JSON.stringify(recorded("mixed"))).toContain("was-plain-hunter2");
    expect(JSON.stringify(recorded("mixed"))).toContain("now-secret-hunter3");
    expect(text).not.toContain("hunter");
    expect(text).not.toContain("old-plain-output");
    expect(stepNamed(read("mixed"), "edge").diffs).toContainEqual({
      path: "token",
      kind: "change",
      replaces: false,
      before: { $secret: "" },
      after: { $secret: "" },
    });
    expect(read("mixed").outputs.map(({ path }) => path)).toContain("password");
  });

  it("takes a hidden value off every other place, too", () => {
    const events = recorded("mixed");
    const leak = {
      ...events[0],
      sequence: 900,
      timestamp: 1,
      diagnosticEvent: warning("token was-plain-hunter2 is old"),
    };
    const change = changeFromEvents("dev", [...events, leak], blind);
    expect(change.diagnostics.map(({ message }) => message)).toContain("token [secret] is old");
  });

  it("asks for the hash of each secret with its path and side", () => {
    const change = read("mixed", { hashSecret: (_urn, path, side) => `${path}:${side}` });
    expect(stepNamed(change, "deploy").after).toEqual({
      labels: { a: { $secret: "labels.a:after" } },
      publicKey: { $secret: "publicKey:after" },
    });
    expect(stepNamed(change, "edge").before?.token).toEqual({ $secret: "token:before" });
  });

  it("shows a secret's change that only the engine can see", () => {
    expect(stepNamed(read("mixed"), "deploy").diffs.map(({ path }) => path)).toContain("publicKey");
  });

  it("marks what is known only after the update", () => {
    const change = read("mixed");
    expect(stepNamed(change, "data").diffs).toContainEqual({
      path: "serverId",
      kind: "change",
      replaces: false,
      before: "1005",
      after: { $unknown: true },
    });
    expect(change.outputs).toContainEqual({
      path: "server.ip",
      kind: "add",
      replaces: false,
      after: { $unknown: true },
    });
    expect(JSON.stringify(change)).not.toContain("04da6b54");
  });

  it("has parents from the events and dependencies from whom they are asked", () => {
    const change = read("mixed", {
      ...blind,
      dependencies: (urn) => (urn.endsWith("data") ? ["urn:x"] : []),
    });
    expect(stepNamed(change, "data").dependencies).toEqual(["urn:x"]);
    expect(stepNamed(change, "data").parent).toMatch(/App::app$/);
  });

  it("is empty when nothing changed", () => {
    expect(read("nothing-changed")).toEqual({
      schema: 1,
      stack: "dev",
      steps: [],
      unchanged: 8,
      outputs: [],
      diagnostics: [],
    });
  });

  it("counts a dropped protection as a change although the engine says same", () => {
    const [step] = read("unprotect").steps;
    expect(step).toMatchObject({ name: "data", operation: "update", protected: false, wasProtected: true });
    expect(step?.diffs).toEqual([
      { path: "protect", kind: "change", replaces: false, before: true, after: false },
    ]);
  });

  it("marks components", () => {
    const components = read("first-deploy").steps.filter(({ component }) => component);
    expect(components.map(({ name }) => name)).toEqual(["app"]);
  });

  it("says an error once, without frames that name folders", () => {
    expect(read("failing-program").diagnostics).toEqual([
      {
        severity: "error",
        message: "Unhandled exception: Error: hostSuffix is missing in infra/Pulumi.dev.yaml",
      },
    ]);
    expect(read("delete-protected").diagnostics).toHaveLength(1);
  });

  it("reads what a refresh found, alone and before a preview", () => {
    const alone = read("refresh");
    expect(alone.steps.map(({ operation, name }) => `${operation} ${name}`)).toEqual([
      "refresh old",
      "refresh edge",
    ]);
    expect(stepNamed(alone, "old").after).toBeUndefined();
    expect(alone.unchanged).toBe(6);
    const before = read("preview-with-refresh");
    expect(stepNamed(before, "edge", "refresh").diffs).toMatchObject([{ path: "rules[1]", kind: "add" }]);
    expect(stepNamed(before, "edge", "update").diffs).toMatchObject([{ path: "rules[1]", kind: "remove" }]);
    expect(before.unchanged).toBe(6);
  });

  it("does not depend on the order in which events arrive", () => {
    expect(changeFromEvents("dev", recorded("mixed").reverse(), blind)).toEqual(read("mixed"));
  });

  it("keeps data that looks like a marker apart from markers", () => {
    const events = recorded("unprotect").map((event) => {
      const text = JSON.stringify(event).replaceAll('"size":20', '"size":{"$unknown":true}');
      return JSON.parse(text);
    });
    expect(changeFromEvents("dev", events, blind).steps[0]?.after?.size).toEqual({ $$unknown: true });
  });
});

describe("the resources of a preview", () => {
  it("are all of them, unchanged ones too, with both sides", () => {
    const resources = resourcesFromEvents(recorded("mixed"), blind);
    const names = resources.map(({ urn }) => urn.split("::")[3]).sort();
    expect(names).toEqual(["app-1", "app-1-ipv4", "app-2-ipv4", "data", "deploy", "edge", "old", "private"]);
    const server = resources.find(({ urn }) => urn.endsWith("app-1"));
    expect([server?.before?.serverType, server?.after?.serverType]).toEqual(["cpx11", "cpx21"]);
    expect(resources.find(({ urn }) => urn.endsWith("old"))?.after).toBeUndefined();
    expect(resources.find(({ urn }) => urn.endsWith("app-2-ipv4"))?.before).toBeUndefined();
  });
});

function warning(message: string) {
  return { message, color: "never", severity: "warning" as const };
}
