import { expect, it } from "vitest";
import type { Step } from "../scripts/change/model.ts";
import rule from "./mail-records.ts";

const step = (over: Partial<Step>): Step => ({
  urn: "urn:mail",
  type: "cloudflare:index/dnsRecord:DnsRecord",
  name: "mail",
  operation: "update",
  dependencies: [],
  protected: false,
  replaceKeys: [],
  diffs: [],
  ...over,
});
const MX = { type: "MX", name: "example.com", content: "mx1.example.net" };

it("finds a mail record that is changed or deleted, and leaves the others alone", () => {
  const found = (over: Partial<Step>) => rule.ofStep(step(over)).map(({ what }) => what);
  expect(found({ before: MX, after: { ...MX, content: "mx2.example.net" } })).toEqual([
    expect.stringContaining("Changes a record that mail depends on: MX example.com"),
  ]);
  const spf = { type: "TXT", name: "example.com", content: '"v=spf1 -all"' };
  expect(found({ operation: "delete", before: spf })).toEqual([expect.stringContaining("Deletes")]);
  expect(found({ before: MX, after: { ...MX, comment: "ours" } })).toEqual([]);
  expect(found({ operation: "delete", before: { type: "TXT", content: "v=1 release=x" } })).toEqual([]);
  expect(found({ operation: "create", after: MX })).toEqual([]);
});
