import { expect, test } from "vitest";
import { comesBackEmpty } from "./comes-back-empty.ts";
import type { Change, Operation } from "./model.ts";

const change = (...steps: [Operation, string][]): Change => ({
  schema: 1,
  stack: "dev",
  unchanged: 0,
  outputs: [],
  diagnostics: [],
  steps: steps.map(([operation, type]) => ({
    urn: `urn:pulumi:dev::quayside::${type}::thing`,
    type,
    name: "thing",
    operation,
    dependencies: [],
    protected: false,
    replaceKeys: [],
    diffs: [],
  })),
});
const VOLUME = "hcloud:index/volume:Volume";
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";

test("What holds data and is made anew comes back empty; what is kept, or holds nothing, is not named", () => {
  expect(comesBackEmpty(change(["create", VOLUME], ["create", RECORD], ["update", VOLUME]))).toEqual([
    "The volume thing is made anew and comes back empty.",
  ]);
  expect(comesBackEmpty(change(["replace", VOLUME]))).toHaveLength(1);
  expect(comesBackEmpty(change(["delete", VOLUME]))).toEqual([]);
});
