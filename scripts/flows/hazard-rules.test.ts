import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HAZARD_RULES } from "../change/hazards/index.ts";
import { hazardRules } from "./hazard-rules.ts";

const ROOT = dirname(dirname(import.meta.dirname));
let root: string;
beforeEach(() => {
  // Below the repository, where a rule finds the types that it imports.
  mkdirSync(join(ROOT, ".rehearsal-tests"), { recursive: true });
  root = mkdtempSync(join(ROOT, ".rehearsal-tests", "rules-"));
  mkdirSync(join(root, ".rules"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const rule = (name: string, text: string) => writeFileSync(join(root, ".rules", name), text);

it("A file in .rules is a rule beside those of the template, and needs no other line anywhere", async () => {
  rule(
    "fridays.ts",
    'export default { rule: "fridays", severity: "outage", about: "x", ofChange: () => [] };',
  );
  rule("fridays.test.ts", "throw new Error();");
  expect((await hazardRules(root)).map((each) => each.rule)).toEqual([
    ...HAZARD_RULES.map((each) => each.rule),
    "fridays",
  ]);
});

it("The template's own example is one", async () => {
  expect((await hazardRules(ROOT)).map((each) => each.rule)).toContain("mail-record");
});

it("Without the folder there are those of the template", async () => {
  rmSync(join(root, ".rules"), { recursive: true });
  expect(await hazardRules(root)).toBe(HAZARD_RULES);
});

it.each([
  ["no-function.ts", 'export default { rule: "a", severity: "outage", about: "x" };', "ofStep or ofChange"],
  [
    "bad-name.ts",
    'export default { rule: "A B", severity: "outage", about: "x", ofStep: () => [] };',
    "kebab",
  ],
  ["no-default.ts", "export const rule = 1;", "default"],
  ["broken.ts", "export default {", "no rule"],
  [
    "twin.ts",
    'export default { rule: "drop-protect", severity: "outage", about: "x", ofStep: () => [] };',
    "two rules are called drop-protect",
  ],
])("%s is refused by name before anything is previewed", async (name, text, problem) => {
  rule(name, text);
  await expect(hazardRules(root)).rejects.toMatchObject({
    code: "rule-invalid",
    exitCode: 2,
    message: expect.stringContaining(problem),
  });
});
