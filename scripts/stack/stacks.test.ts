import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readProject, requireStack, stackSetting } from "./stacks.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stacks-"));
  mkdirSync(join(root, "infra"));
  write("Pulumi.yaml", "name: quayside\nruntime: nodejs\n");
  write(
    "Pulumi.dev.yaml",
    "config:\n  quayside:volumeSize: 20\n  quayside:protect: false\n  quayside:list: [1]\n",
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  writeFileSync(join(root, "infra", file), text);
}

test("A file makes a stack; nothing else has a list of them", () => {
  write("Pulumi.prod.yaml", "");
  write("Pulumi.prod.yaml.bak", "");
  write("Pulumi.review-7.yaml", "");
  expect(readProject(root)).toEqual({
    name: "quayside",
    infraDir: join(root, "infra"),
    stacks: ["dev", "prod", "review-7"],
  });
});

test("An unknown stack is refused with those that there are", () => {
  const project = readProject(root);
  expect(requireStack(project, "dev")).toBe("dev");
  for (const [name, message] of [
    [undefined, "No stack was named."],
    ["production", "There is no stack production."],
    ["../dev", "There is no stack ../dev."],
  ] as const)
    expect(() => requireStack(project, name)).toThrow(
      expect.objectContaining({
        code: "stack-unknown",
        exitCode: 2,
        message,
        fix: expect.stringContaining("one of: dev."),
      }),
    );
});

test("A plain setting is read as text; a list, and what is not there, is none", () => {
  const project = readProject(root);
  expect(
    ["volumeSize", "protect", "list", "nothing"].map((key) => stackSetting(project, "dev", key)),
  ).toEqual(["20", "false", undefined, undefined]);
  write("Pulumi.dev.yaml", "");
  expect(stackSetting(project, "dev", "volumeSize")).toBeUndefined();
});

test("A file that is no YAML, or lacks what it needs, is named", () => {
  const project = readProject(root);
  write("Pulumi.dev.yaml", "config:\n  - a\n - b");
  expect(() => stackSetting(project, "dev", "protect")).toThrow(
    expect.objectContaining({
      code: "project-unreadable",
      exitCode: 2,
      message: expect.stringContaining("Pulumi.dev.yaml"),
    }),
  );
  write("Pulumi.yaml", "runtime: nodejs\n");
  expect(() => readProject(root)).toThrow(/Pulumi\.yaml can't be read: .*name/s);
  rmSync(join(root, "infra"), { recursive: true });
  expect(() => readProject(root)).toThrow(expect.objectContaining({ code: "project-unreadable" }));
});
