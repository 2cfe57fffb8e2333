import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Step } from "../change/model.ts";
import { NOISE, withoutNoise } from "./drift-noise.ts";

const step = (changes: Partial<Step>): Step => ({
  urn: "urn:pulumi:dev::quayside::cloudflare:index/zone:Zone::zone",
  type: "cloudflare:index/zone:Zone",
  name: "zone",
  operation: "refresh",
  dependencies: [],
  protected: false,
  replaceKeys: [],
  diffs: [],
  after: {},
  ...changes,
});
const diff = (path: string) => ({ path, kind: "change" as const, replaces: false, before: "a", after: "b" });

test("A resource of which only noise is different has not drifted", () => {
  expect(withoutNoise(step({ diffs: [diff("modifiedOn"), diff("activatedOn")] }))).toBeUndefined();
});

test("What differs besides is told, without the noise", () => {
  const drifted = withoutNoise(step({ diffs: [diff("modifiedOn"), diff("paused")] }));
  expect(drifted?.diffs.map(({ path }) => path)).toEqual(["paused"]);
});

test("Noise of one type is none of another, and a resource that is gone is never noise", () => {
  expect(
    withoutNoise(step({ type: "hcloud:index/server:Server", diffs: [diff("modifiedOn")] })),
  ).toBeDefined();
  expect(withoutNoise(step({ after: undefined, diffs: [diff("modifiedOn")] }))).toBeDefined();
});

test("Every line names a property that the provider's SDK has, once, with its reason", () => {
  const folder = (provider: string) =>
    dirname(fileURLToPath(import.meta.resolve(`@pulumi/${provider}/package.json`)));
  const declares = (file: string, property: string) =>
    new RegExp(`\\breadonly ${property}\\??:`).test(readFileSync(file, "utf8"));
  for (const { type, property, reason } of NOISE) {
    const [, provider = "", name] = /^(\w+):(?:index\/(\w+):\w+|\*)$/.exec(type) ?? [];
    const files = readdirSync(folder(provider)).filter((file) =>
      name ? file.toLowerCase() === `${name.toLowerCase()}.d.ts` : file.endsWith(".d.ts"),
    );
    expect(
      files.some((file) => declares(join(folder(provider), file), property)),
      `${type} ${property}`,
    ).toBe(true);
    expect(reason, `${type} ${property}`).toMatch(/^[A-Z].{10,}\.$/);
  }
  expect(new Set(NOISE.map(({ type, property }) => `${type} ${property}`)).size).toBe(NOISE.length);
});
