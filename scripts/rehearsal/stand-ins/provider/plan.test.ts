import { describe, expect, test } from "vitest";
import { packageSchema, type ResourceSchema } from "../schema.ts";
import { inputsOf, plannedCreate, plannedUpdate, sealed } from "./plan.ts";
import { Secret, UNKNOWN } from "./property.ts";

function schemaOf(name: "hcloud" | "cloudflare", token: string): ResourceSchema {
  const schema = packageSchema(name).resources.get(token);
  if (!schema) throw new Error(`no ${token}`);
  return schema;
}
const ruleset = schemaOf("cloudflare", "cloudflare:index/ruleset:Ruleset");
const record = schemaOf("cloudflare", "cloudflare:index/dnsRecord:DnsRecord");
const widget = schemaOf("cloudflare", "cloudflare:index/turnstileWidget:TurnstileWidget");
const network = schemaOf("hcloud", "hcloud:index/network:Network");

describe("the inputs that a refresh finds", () => {
  const rule = { action: "block", expression: "true" };
  const written = { zoneId: "z", name: "waf", kind: "zone", phase: "p", rules: [rule] };
  // What the API adds to every rule by itself.
  const answered = {
    ...rule,
    id: "1",
    ref: "1",
    version: "3",
    lastUpdated: "today",
    enabled: true,
    description: "",
  };

  test("are the program's where only the provider's own additions differ", () => {
    expect(inputsOf(ruleset, { ...written, rules: [answered], version: "9" }, written)).toEqual(written);
  });
  test("show a rule that somebody switched off, though the program never spoke of that", () => {
    const live = { ...written, rules: [{ ...answered, enabled: false }] };
    expect(inputsOf(ruleset, live, written).rules).toEqual([{ ...rule, enabled: false }]);
  });
  test("show a rule that somebody added, in the program's terms", () => {
    const added = { ...answered, action: "log" };
    expect(inputsOf(ruleset, { ...written, rules: [answered, added] }, written).rules).toEqual([
      rule,
      { action: "log", expression: "true" },
    ]);
  });
  test("show a property that somebody set, unless the provider sets it by itself", () => {
    const asked = { zoneId: "z", name: "a", type: "A", ttl: 1 };
    const live = { ...asked, comment: "by hand", content: "192.0.2.1", modifiedOn: "today" };
    expect(inputsOf(record, live, asked)).toEqual({ ...asked, comment: "by hand" });
  });
  test("keep what is secret secret, also when it changed", () => {
    const asked = { ipRange: "10.0.0.0/8", labels: { token: new Secret("a") } };
    const live = { ipRange: "10.0.0.0/8", labels: { token: "b" } };
    expect(inputsOf(network, live, asked).labels).toEqual({ token: new Secret("b") });
  });
});

test("the inputs that an import finds are everything that is not at its default", () => {
  const live = {
    name: "net",
    ipRange: "10.0.0.0/8",
    labels: {},
    deleteProtection: true,
    exposeRoutesToVswitch: false,
  };
  expect(inputsOf(network, live, {})).toEqual({
    name: "net",
    ipRange: "10.0.0.0/8",
    deleteProtection: true,
    __defaults: [],
  });
});

test("a preview knows inputs and defaults of what will be made, and hides the secret that the cloud will choose", () => {
  const outputs = plannedCreate(widget, {
    name: "form",
    mode: "managed",
    domains: ["example.com"],
    accountId: "a",
  });
  expect(outputs).toMatchObject({
    name: "form",
    region: "world",
    sitekey: UNKNOWN,
    secret: new Secret(UNKNOWN),
  });
});

test("a preview of an update keeps what the update can't change", () => {
  const olds = {
    zoneId: "z",
    name: "a",
    type: "A",
    ttl: 1,
    createdOn: "then",
    modifiedOn: "then",
    comment: "x",
  };
  const outputs = plannedUpdate(record, olds, { zoneId: "z", name: "a", type: "A", ttl: 60 });
  expect(outputs).toMatchObject({ ttl: 60, createdOn: "then", modifiedOn: UNKNOWN });
  expect(outputs).not.toHaveProperty("comment");
});

test("what a program passed as a secret stays one in what comes back", () => {
  const inputs = { name: new Secret("form"), domains: ["a", new Secret("b")] };
  expect(sealed(widget, { name: "form", domains: ["a", "b"], secret: "s", sitekey: "k" }, inputs)).toEqual({
    name: new Secret("form"),
    domains: ["a", new Secret("b")],
    secret: new Secret("s"),
    sitekey: "k",
  });
});
