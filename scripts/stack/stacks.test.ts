import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { besideOf, homeOf, readProject, requireStack, stackFile, stackSetting, stageOf } from "./stacks.ts";

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
  const stacks = ["dev", "prod", "review-7"];
  const home = { project: "quayside", dir: root, infraDir: join(root, "infra"), prefix: "", stacks };
  expect(readProject(root)).toEqual({ name: "quayside", root, homes: [home], stacks });
});

function addProject(folder: string, name: string, ...stacks: string[]): void {
  const infra = join(root, "projects", folder, "infra");
  mkdirSync(infra, { recursive: true });
  writeFileSync(join(infra, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n`);
  for (const stack of stacks)
    writeFileSync(join(infra, `Pulumi.${stack}.yaml`), `config:\n  ${name}:volumeSize: 40\n`);
}

test("A folder in projects/ is a project of its own: its stacks have its name before theirs, and its own configuration", () => {
  write("Pulumi.prod.yaml", "");
  addProject("shop", "shop", "shop-prod", "shop-dev");
  mkdirSync(join(root, "projects", "notes"));
  const project = readProject(root);
  expect(project).toMatchObject({ name: "quayside", stacks: ["dev", "prod", "shop-dev", "shop-prod"] });
  expect(homeOf(project, "shop-dev")).toMatchObject({ project: "shop", dir: join(root, "projects", "shop") });
  expect(["prod", "shop-prod"].map((stack) => stageOf(project, stack))).toEqual(["prod", "prod"]);
  expect(["prod", "shop-prod"].map((stack) => besideOf(project, stack, "dev"))).toEqual(["dev", "shop-dev"]);
  expect(stackFile(project, "shop-dev")).toBe("projects/shop/infra/Pulumi.shop-dev.yaml");
  expect(["dev", "shop-dev"].map((stack) => stackSetting(project, stack, "volumeSize"))).toEqual([
    "20",
    "40",
  ]);
});

test("Two projects of one name, and stacks that don't have their project's name before theirs, are refused", () => {
  addProject("shop", "quayside", "shop-dev");
  expect(() => readProject(root)).toThrow(
    expect.objectContaining({ code: "project-name", message: expect.stringContaining("projects/shop") }),
  );
  addProject("shop", "shop", "prod");
  expect(() => readProject(root)).toThrow(
    expect.objectContaining({
      code: "stack-name",
      exitCode: 2,
      message: expect.stringContaining("projects/shop/infra/Pulumi.prod.yaml (shop-…)"),
    }),
  );
  rmSync(join(root, "projects", "shop"), { recursive: true });
  addProject("shop", "shop", "shop-dev");
  write("Pulumi.shop-dev.yaml", "");
  expect(() => readProject(root)).toThrow(expect.objectContaining({ code: "stack-name" }));
});

test("Two Workers that would be one script at Cloudflare are refused, and two of one name in two projects are not", () => {
  const worker = (...path: string[]) => {
    mkdirSync(join(root, ...path), { recursive: true });
    writeFileSync(join(root, ...path, "wrangler.jsonc"), "{}");
  };
  addProject("shop", "shop", "shop-dev");
  worker("projects", "shop", "workers", "cart");
  worker("workers", "cart");
  worker("workers", "shop-cart");
  expect(readProject(root).stacks).toEqual(["dev", "shop-dev"]);
  worker("workers", "cart-shop");
  expect(() => readProject(root)).toThrow(
    expect.objectContaining({
      code: "worker-name",
      exitCode: 2,
      message: expect.stringMatching(/projects\/shop\/workers\/cart and workers\/cart-shop/),
    }),
  );
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
