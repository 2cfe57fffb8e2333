import { describe, expect, it } from "vitest";
import { compareResumed } from "./compare-resumed.ts";
import { fingerprint, type Salt } from "./digest.ts";
import type { Change, Operation, PropertyDiff, Step, Value } from "./model.ts";

const salt: Salt = { key: "a key", repository: "o/r", tag: "v1.4.0", stack: "prod", checkpoint: "before" };
/** The state has moved, by the update that was cut off. */
const moved: Salt = { ...salt, checkpoint: "after" };
const add = (path: string, after: Value): PropertyDiff => ({ path, kind: "add", replaces: false, after });
const step = (name: string, diffs: PropertyDiff[] = [], operation: Operation = "create"): Step => ({
  urn: `urn:${name}`,
  type: "cloudflare:index/dnsRecord:DnsRecord",
  name,
  operation,
  dependencies: [],
  protected: false,
  replaceKeys: [],
  diffs,
});
const change = (...steps: Step[]): Change => ({
  schema: 1,
  stack: "prod",
  steps,
  unchanged: 0,
  outputs: [],
  diagnostics: [],
});
const unknown = { $unknown: true } as const;
const record = (content: Value, name: Value = "app") =>
  step("record", [add("content", content), add("name", name)]);
const reviewed = change(step("server"), record(unknown), step("volume", [add("size", 10)]));
const left = (...steps: Step[]) =>
  compareResumed(change(...steps), [{ fingerprint: fingerprint(reviewed, salt), salt: moved }]);

describe("what is left of a change, of which an update of the same commit has done a part", () => {
  it("is the reviewed one when the steps that are left are", () => {
    expect(left(record(unknown), step("volume", [add("size", 10)]))).toMatchObject({ same: true });
    expect(left()).toMatchObject({ same: true });
  });

  it("is the reviewed one when values are known that were not", () => {
    expect(left(record("192.0.2.7"))).toMatchObject({ same: true, differences: [] });
    expect(left(record({ $secret: "0123456789abcdef" }))).toMatchObject({ same: true });
    const nested = step("record", [add("content", { ids: [unknown] }), add("name", "app")]);
    const before = [{ fingerprint: fingerprint(change(nested), salt), salt: moved }];
    const now = step("record", [add("content", { ids: [42] }), add("name", "app")]);
    expect(compareResumed(change(now), before)).toMatchObject({ same: true });
  });

  it("is another one when any other value differs, also beside one that was not known", () => {
    expect(left(record("192.0.2.7", "other"))).toMatchObject({
      same: false,
      differences: [{ urn: "urn:record", kind: "other" }],
    });
    expect(left(step("volume", [add("size", 20)]))).toMatchObject({
      same: false,
      differences: [{ urn: "urn:volume", kind: "other" }],
    });
    const more = step("record", [add("content", "192.0.2.7"), add("name", "app"), add("proxied", false)]);
    expect(left(more)).toMatchObject({ same: false });
  });

  it("is another one when a step is new, or does something else", () => {
    expect(left(step("bucket"))).toMatchObject({
      same: false,
      differences: [{ urn: "urn:bucket", kind: "new", now: "create" }],
    });
    expect(left(step("volume", [add("size", 10)], "delete"))).toMatchObject({
      same: false,
      differences: [{ urn: "urn:volume", kind: "other", reviewed: "create", now: "delete" }],
    });
  });

  it("can't be told from a record in which not every step had room", () => {
    const cut = fingerprint(reviewed, salt, 450);
    expect(cut.rest).toBeDefined();
    expect(compareResumed(change(), [{ fingerprint: cut, salt: moved }])).toMatchObject({
      same: false,
      unnamed: true,
    });
  });

  it("is nothing that was reviewed where nothing was", () => {
    expect(compareResumed(change(), [])).toBeUndefined();
  });
});
