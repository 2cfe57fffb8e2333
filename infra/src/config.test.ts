import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "./config.ts";

const source = { project: "quayside", file: "infra/Pulumi.dev.yaml" };

/** A stack's file as Pulumi hands it over: keys without the namespace, lists as JSON text. */
function committed(stack: string): Record<string, string> {
  const file = join(import.meta.dirname, "..", `Pulumi.${stack}.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  return Object.fromEntries(
    // What stands under another namespace is for the pipeline, and never reaches the program.
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith("quayside:")
        ? [[key.replace("quayside:", ""), typeof value === "string" ? value : JSON.stringify(value)]]
        : [],
    ),
  );
}

function complaint(raw: Record<string, string>): string {
  try {
    parseConfig(raw, source);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the configuration was taken");
}

describe("the configuration of a stack", () => {
  test.each(["dev", "prod"])("is taken as it stands in Pulumi.%s.yaml", (stack) => {
    const { domain, volumeSize, ownsZone, adminRanges = "" } = committed(stack);
    expect(parseConfig(committed(stack), source)).toMatchObject({
      domain,
      volumeSize: Number(volumeSize),
      ownsZone: ownsZone === "true",
      adminRanges: JSON.parse(adminRanges),
    });
  });

  test("needs neither a location nor a server type", () => {
    const { location: _, serverType: __, ...rest } = committed("dev");
    expect(parseConfig(rest, source)).toMatchObject({ location: "hil", serverType: "cpx21" });
  });

  test("has every wrong and every missing value named in one error, with the file, the key and an example", () => {
    const { domain: _, ...rest } = committed("dev");
    const message = complaint({
      ...rest,
      volumeSize: "much",
      image: "ghcr.io/quayside/app:latest",
      protect: "yes",
      adminRanges: '["198.51.100.0/24","office"]',
      accountId: "42",
    });
    expect(message).toContain("infra/Pulumi.dev.yaml has 6 values to mend");
    expect(message).toContain("quayside:domain is missing; for example  quayside:domain: example.com");
    expect(message).toContain('quayside:volumeSize is "much": it must be a whole number of GB');
    expect(message).toContain("by digest");
    expect(message).toContain('quayside:protect is "yes": it must be "true" or "false"');
    expect(message).toContain("(entry 2) must be a CIDR range");
    expect(message).toContain("32 hexadecimal digits");
    expect(message.match(/for example {2}quayside:/g)).toHaveLength(6);
  });

  test("has a volume of a size that Hetzner sells", () => {
    expect(complaint({ ...committed("dev"), volumeSize: "5" })).toContain("at least 10 (GB)");
    expect(complaint({ ...committed("dev"), volumeSize: "20000" })).toContain("at most 10240 (GB)");
  });

  test("has no key that nobody reads, and a typo is told from the key that was meant", () => {
    const message = complaint({ ...committed("dev"), serverTyp: "cpx31", colour: "blue" });
    expect(message).toContain("quayside:serverTyp is no known key; did you mean quayside:serverType?");
    expect(message).toContain("quayside:colour is no known key\n");
  });

  test("may let nobody into the admin, but not leave the list out", () => {
    expect(parseConfig({ ...committed("dev") }, source)).toMatchObject({
      mail: { hosts: [], spf: [], dkim: {} },
      redirects: [],
    });
    const redirects = '[{ "from": "old.example.com", "to": "https://www.example.com/path" }]';
    expect(complaint({ ...committed("dev"), redirects })).toContain("(entry 1)");
    expect(complaint({ ...committed("dev"), mail: '{ "host": "x" }' })).toContain("quayside:mail");
    expect(parseConfig({ ...committed("dev"), adminRanges: "[]" }, source).adminRanges).toEqual([]);
    expect(complaint({ ...committed("dev"), adminRanges: "" })).toContain("must be a list");
  });
});
