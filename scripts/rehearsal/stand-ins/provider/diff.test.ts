import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packageSchema, type ResourceSchema, type Shape } from "../schema.ts";
import { anyOf, inputsOfResource } from "../testing/arbitrary.ts";
import { diff } from "./diff.ts";
import { equal } from "./equal.ts";
import { inputsOf } from "./plan.ts";
import { isMap, type PropertyMap, type PropertyValue, Secret, UNKNOWN } from "./property.ts";

const hcloud = packageSchema("hcloud");
const cloudflare = packageSchema("cloudflare");

function schemaOf(token: string): ResourceSchema {
  const schema = hcloud.resources.get(token) ?? cloudflare.resources.get(token);
  if (!schema) throw new Error(`no ${token}`);
  return schema;
}
const server = schemaOf("hcloud:index/server:Server");
const firewall = schemaOf("hcloud:index/firewall:Firewall");
const volume = schemaOf("hcloud:index/volume:Volume");
const record = schemaOf("cloudflare:index/dnsRecord:DnsRecord");
const ruleset = schemaOf("cloudflare:index/ruleset:Ruleset");

/** The difference between two sets of inputs, as `path → kind`, with `!` where it replaces. */
function between(schema: ResourceSchema, before: PropertyMap, after: PropertyMap, outputs: PropertyMap = {}) {
  const found = diff(schema, { inputs: before, outputs }, after);
  return Object.fromEntries(
    [...found.details].map(([path, detail]) => [path, `${detail.kind}${detail.replaces ? "!" : ""}`]),
  );
}

describe("a difference has the finest path", () => {
  const rule = { direction: "in", protocol: "tcp", port: "443", sourceIps: ["1.0.0.0/8", "2.0.0.0/8"] };
  test.each<[string, PropertyMap, PropertyMap, { [path: string]: string }]>([
    ["a label", { labels: { a: "1", b: "2" } }, { labels: { a: "1", b: "3" } }, { "labels.b": "update" }],
    [
      "a label with an odd name",
      { labels: {} },
      { labels: { "odd key": "1" } },
      { 'labels["odd key"]': "add" },
    ],
    [
      "a property of a rule",
      { rules: [rule] },
      { rules: [{ ...rule, port: "80" }] },
      { "rules[0].port": "update" },
    ],
    [
      "one address of a rule",
      { rules: [rule] },
      { rules: [{ ...rule, sourceIps: ["2.0.0.0/8", "3.0.0.0/8"] }] },
      { "rules[0].sourceIps[0]": "delete", "rules[0].sourceIps[1]": "add" },
    ],
    [
      "a rule that came",
      { rules: [rule] },
      { rules: [rule, { ...rule, port: "80" }] },
      { "rules[1]": "add" },
    ],
    [
      "a rule that went",
      { rules: [{ ...rule, port: "80" }, rule] },
      { rules: [rule] },
      { "rules[0]": "delete" },
    ],
    [
      "rules in another order",
      { rules: [rule, { ...rule, port: "1" }] },
      { rules: [{ ...rule, port: "1" }, rule] },
      {},
    ],
  ])("%s", (_, before, after, paths) => {
    expect(between(firewall, { name: "x", ...before }, { name: "x", ...after })).toEqual(paths);
  });

  test("also where only a part of it is not known yet", () => {
    const open = { ...rule, port: UNKNOWN };
    expect(between(firewall, { rules: [rule] }, { rules: [open] })).toEqual({ "rules[0].port": "update" });
    expect(between(firewall, { rules: [open] }, { rules: [open] })).toEqual({ "rules[0].port": "update" });
  });

  test("and a secret is one piece, so that the path does not tell what is in it", () => {
    const before = { labels: new Secret({ a: "1" }) };
    expect(between(firewall, before, { labels: new Secret({ a: "2" }) })).toEqual({ labels: "update" });
    expect(between(firewall, before, { labels: { a: "1" } })).toEqual({});
  });
});

describe("what the program leaves out", () => {
  test("counts as removed only where the provider does not fill it in", () => {
    // `image` and `location` are computed, `placementGroupId` is not, and false is the default of `backups`.
    const before = {
      serverType: "cpx11",
      image: "debian-12",
      location: "hil",
      placementGroupId: 7,
      backups: false,
    };
    expect(between(server, before, { serverType: "cpx11" })).toEqual({ placementGroupId: "delete" });
  });
  test("falls back to its default", () => {
    expect(between(record, { proxied: true, comment: "x" }, {})).toEqual({
      proxied: "delete",
      comment: "delete",
    });
    expect(between(record, { proxied: false }, {})).toEqual({});
  });
  test("is compared with the cloud's value once the program names it", () => {
    const outputs = { location: "hil", serverType: "cpx11" };
    expect(between(server, {}, { location: "hil" }, outputs)).toEqual({});
    expect(between(server, {}, { location: "ash" }, outputs)).toEqual({ location: "update!" });
  });
});

describe("a replacement", () => {
  const before = { name: "app", userData: "a" };
  const replaced = (filled: string[]) =>
    diff(server, { inputs: before, outputs: {} }, { name: "app", userData: "b", __defaults: filled });
  test("deletes first where the program gave the name, as the cloud takes a name once", () => {
    expect(replaced([])).toMatchObject({ replaces: ["userData"], deleteBeforeReplace: true });
  });
  test("creates first where the name was generated", () => {
    expect(replaced(["name"]).deleteBeforeReplace).toBe(false);
  });
  test("creates first for resources of the plugin framework", () => {
    const found = diff(
      record,
      { inputs: { type: "A", name: "x" }, outputs: {} },
      { type: "AAAA", name: "x" },
    );
    expect(found).toMatchObject({ replaces: ["type"], deleteBeforeReplace: false });
  });
});

const schemas = fc.constantFrom(server, firewall, volume, record, ruleset);
const withInputs = schemas
  .chain((schema) => fc.tuple(fc.constant(schema), inputsOfResource(schema)))
  .filter(([, inputs]) => Object.keys(inputs).length > 0);

describe("for any inputs", () => {
  test("nothing differs from itself, in whatever order its sets are and however its numbers are written", () => {
    fc.assert(
      fc.property(withInputs, ([schema, inputs]) => {
        const other = Object.fromEntries(
          Object.entries(inputs).map(([key, value]) => [key, rewritten(shapeOf(schema, key), value)]),
        );
        expect(between(schema, inputs, other)).toEqual({});
      }),
    );
  });

  test("a property that has another value is reported, and replaces exactly where the schema says so", () => {
    const changes = withInputs.chain(([schema, inputs]) => {
      const key = fc.constantFrom(...Object.keys(inputs));
      return key.chain((changed) =>
        fc.tuple(
          fc.constant(schema),
          fc.constant(inputs),
          fc.constant(changed),
          anyOf(shapeOf(schema, changed)),
        ),
      );
    });
    fc.assert(
      fc.property(changes, ([schema, inputs, key, value]) => {
        const before = inputs[key];
        fc.pre(before !== undefined && !equal(shapeOf(schema, key), before, value));
        const found = diff(schema, { inputs, outputs: {} }, { ...inputs, [key]: value });
        expect(found.changed).toEqual([key]);
        expect(found.replaces).toEqual(schema.properties[key]?.replace ? [key] : []);
      }),
    );
  });

  test("every path leads to a value: in the new inputs for what came, in the old ones for what went", () => {
    const pairs = schemas.chain((schema) =>
      fc.tuple(fc.constant(schema), inputsOfResource(schema), inputsOfResource(schema)),
    );
    fc.assert(
      fc.property(pairs, ([schema, before, after]) => {
        for (const [path, { kind }] of diff(schema, { inputs: before, outputs: {} }, after).details) {
          if (kind !== "add") expect(at(before, path), `${path} before`).toBeDefined();
          if (kind === "add") expect(at(after, path), `${path} after`).toBeDefined();
        }
      }),
    );
  });

  test("a value that is not known yet counts as changed", () => {
    fc.assert(
      fc.property(withInputs, fc.nat(), ([schema, inputs], pick) => {
        const keys = Object.keys(inputs);
        const key = keys[pick % keys.length] ?? "";
        expect(between(schema, inputs, { ...inputs, [key]: UNKNOWN })).toEqual({
          [key]: schema.properties[key]?.replace ? "update!" : "update",
        });
      }),
    );
  });

  test("what is ignored does not count", () => {
    const pairs = schemas.chain((schema) =>
      fc.tuple(fc.constant(schema), inputsOfResource(schema), inputsOfResource(schema)),
    );
    fc.assert(
      fc.property(pairs, ([schema, before, after]) => {
        const all = Object.keys({ ...before, ...after });
        expect(diff(schema, { inputs: before, outputs: {} }, after, all).details.size).toBe(0);
      }),
    );
  });

  test("a refresh of a resource that nobody touched finds no drift, and of one that somebody touched, that", () => {
    fc.assert(
      fc.property(withInputs, ([schema, inputs]) => {
        expect(between(schema, inputsOf(schema, inputs, inputs), inputs)).toEqual({});
      }),
    );
    const touched = withInputs.chain(([schema, inputs]) =>
      fc
        .constantFrom(...Object.keys(inputs))
        .chain((key) =>
          fc.tuple(fc.constant(schema), fc.constant(inputs), fc.constant(key), anyOf(shapeOf(schema, key))),
        ),
    );
    fc.assert(
      fc.property(touched, ([schema, inputs, key, value]) => {
        const shape = shapeOf(schema, key);
        const before = inputs[key];
        fc.pre(before !== undefined && !equal(shape, before, value));
        fc.pre(!schema.properties[key]?.writeOnly && !isLenient(shape));
        const live = { ...inputs, [key]: value };
        expect(
          diff(schema, { inputs: inputsOf(schema, live, inputs), outputs: live }, inputs).changed,
        ).toEqual([key]);
      }),
    );
  });
});

function shapeOf(schema: ResourceSchema, key: string): Shape {
  return schema.properties[key]?.shape ?? { kind: "any" };
}

/** The same value in other words: sets backwards, integers as text. */
function rewritten(shape: Shape, value: PropertyValue): PropertyValue {
  if (shape.kind === "integer") return String(value);
  if (Array.isArray(value)) {
    const of: Shape = shape.kind === "list" || shape.kind === "set" ? shape.of : { kind: "any" };
    const items = value.map((item) => rewritten(of, item));
    return shape.kind === "set" ? items.reverse() : items;
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const of =
        shape.kind === "record" ? shape.properties[key]?.shape : shape.kind === "map" ? shape.of : undefined;
      return [key, rewritten(of ?? { kind: "any" }, part)];
    }),
  );
}

/** Whether something in it may come from the provider where the program does not mention it. */
function isLenient(shape: Shape): boolean {
  if (shape.kind === "list" || shape.kind === "set" || shape.kind === "map") return isLenient(shape.of);
  if (shape.kind !== "record") return shape.kind === "object" || shape.kind === "any";
  return Object.values(shape.properties).some((property) => property.computed || isLenient(property.shape));
}

/** The value that a property path leads to. */
function at(map: PropertyMap, path: string): PropertyValue | undefined {
  let value: PropertyValue | undefined = map;
  for (const match of path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[]+)/g)) {
    const [, quoted, index, key] = match;
    if (index !== undefined) value = Array.isArray(value) ? value[Number(index)] : undefined;
    else
      value = isMap(value)
        ? value[quoted === undefined ? (key ?? "") : JSON.parse(`"${quoted}"`)]
        : undefined;
  }
  return value;
}
