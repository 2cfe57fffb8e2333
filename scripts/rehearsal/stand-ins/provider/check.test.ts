import { describe, expect, test } from "vitest";
import { packageSchema } from "../schema.ts";
import { check } from "./check.ts";
import { type PropertyMap, Secret, UNKNOWN } from "./property.ts";

const hcloud = packageSchema("hcloud");
const cloudflare = packageSchema("cloudflare");
const name = { logicalName: "app", seed: new Uint8Array([1, 2, 3]) };

function run(
  token: string,
  news: PropertyMap,
  olds: PropertyMap = {},
  auto: Parameters<typeof check>[3] = name,
) {
  const schema = hcloud.resources.get(token) ?? cloudflare.resources.get(token);
  if (!schema) throw new Error(`no ${token}`);
  return check(schema, news, olds, auto);
}
const volume = "hcloud:index/volume:Volume";
const firewall = "hcloud:index/firewall:Firewall";

describe("what is wrong is named with its property", () => {
  test.each<[string, string, PropertyMap, { property: string; reason: string }[]]>([
    ["a missing input", volume, {}, [{ property: "size", reason: "missing required property 'size'" }]],
    [
      "a wrong type",
      volume,
      { size: "big" },
      [{ property: "size", reason: 'expected an integer, got string "big"' }],
    ],
    [
      "a missing input inside a list",
      firewall,
      { rules: [{ direction: "in" }] },
      [{ property: "rules[0].protocol", reason: "missing required property 'protocol'" }],
    ],
    [
      "a misspelt property",
      firewall,
      { rule: [] },
      [{ property: "rule", reason: "unsupported property, did you mean 'rules'?" }],
    ],
    [
      "an output that is set",
      volume,
      { size: 1, linuxDevice: "x" },
      [{ property: "linuxDevice", reason: "unsupported property" }],
    ],
    [
      "two of which only one may be set",
      "hcloud:index/serverNetwork:ServerNetwork",
      { serverId: 1, networkId: 2, subnetId: "2-10.0.0.0/24" },
      [
        {
          property: "subnetId",
          reason: "exactly one of networkId, subnetId must be set, got networkId and subnetId",
        },
      ],
    ],
    [
      "a property that the provider has removed",
      "hcloud:index/server:Server",
      { serverType: "cpx11", datacenter: "hil-dc1" },
      [{ property: "datacenter", reason: expect.stringContaining("use location instead") }],
    ],
  ])("%s", (_, token, news, failures) => {
    expect(run(token, news).failures).toEqual(failures);
  });
});

test("an unknown or secret value passes where its type would, and stays what it is", () => {
  const { inputs, failures } = run(volume, { size: UNKNOWN, name: new Secret("hidden") });
  expect(failures).toEqual([]);
  expect(inputs).toMatchObject({ size: UNKNOWN, name: new Secret("hidden") });
});

test("scalars are turned into the type that the schema asks for", () => {
  expect(run(volume, { size: "20", deleteProtection: "true" }).inputs).toMatchObject({
    size: 20,
    deleteProtection: true,
  });
});

describe("names", () => {
  test("are generated from the logical name and the engine's seed, the same for the same seed", () => {
    const first = run(volume, { size: 1 }).inputs.name;
    expect(first).toMatch(/^app-[0-9a-f]{7}$/);
    expect(run(volume, { size: 1 }).inputs.name).toBe(first);
  });
  test("stay what they were", () => {
    expect(run(volume, { size: 1 }, { name: "app-1234567" }).inputs.name).toBe("app-1234567");
  });
  test("follow the stack's own naming", () => {
    const configured = { mode: "enforce", name: "app-dev" } as const;
    expect(run(volume, { size: 1 }, {}, { ...name, configured }).inputs.name).toBe("app-dev");
    const none = { mode: "disable", name: "" } as const;
    expect(run(volume, { size: 1 }, {}, { ...name, configured: none }).failures).toEqual([
      { property: "name", reason: "missing required property 'name'" },
    ]);
  });
  test("are not generated at Cloudflare, where the real plugin asks for them", () => {
    expect(run("cloudflare:index/queue:Queue", { accountId: "a" }).failures).toEqual([
      { property: "queueName", reason: "missing required property 'queueName'" },
    ]);
  });
});

describe("defaults", () => {
  test("become inputs in the bridge's older half, with a note of which", () => {
    expect(run(volume, { size: 1, name: "data" }).inputs).toEqual({
      size: 1,
      name: "data",
      deleteProtection: false,
      __defaults: ["deleteProtection"],
    });
  });
  test("do not in its plugin-framework half", () => {
    const record = { zoneId: "z", name: "a", type: "A", ttl: 1, content: "192.0.2.1" };
    expect(run("cloudflare:index/dnsRecord:DnsRecord", record).inputs).toEqual(record);
  });
});
