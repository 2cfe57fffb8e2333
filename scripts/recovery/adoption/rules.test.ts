import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ADOPTION_RULES, NEVER_LOST } from "./rules.ts";

const INFRA = join(import.meta.dirname, "..", "..", "..", "infra");

/** What the program makes, by its imports: `@pulumi/hcloud/server.js` has the type `hcloud:index/server:server`, in lower case. */
function madeByTheProgram(): string[] {
  const files = readdirSync(INFRA, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  const imports = files.flatMap((name) => [
    ...readFileSync(join(INFRA, name), "utf8").matchAll(/"@pulumi\/(hcloud|cloudflare|tls)\/(\w+)\.js"/g),
  ]);
  const types = imports.flatMap(([, provider = "", module = ""]) => {
    // Functions (`getZone`) make nothing. The files write `r2bucket`, the types `r2Bucket`.
    return module.startsWith("get") ? [] : [`${provider}:index/${module}:${module}`.toLowerCase()];
  });
  return [...new Set(types)].sort();
}

test("Each kind of resource that the program makes can be found again, or can't be lost", () => {
  const made = madeByTheProgram();
  expect(made.length).toBeGreaterThan(12);
  const known = [...ADOPTION_RULES.keys(), ...Object.keys(NEVER_LOST)].map((type) => type.toLowerCase());
  expect(made.filter((type) => !known.includes(type))).toEqual([]);
});
