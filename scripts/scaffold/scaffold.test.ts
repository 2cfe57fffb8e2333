import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { readRepository } from "../../infra/src/repository.ts";
import { command } from "../commands/new.ts";
import { findParts } from "../edge/parts.ts";
import { readProject, stackSetting } from "../stack/stacks.ts";
import { createReporter } from "../terminal/reporter.ts";
import { projectFiles } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..");
let root: string;

beforeAll(async () => {
  // Beside node_modules, as a checkout has it, and out of the sight of git and the linter of this one.
  mkdirSync(join(ROOT, ".rehearsal"), { recursive: true });
  root = mkdtempSync(join(ROOT, ".rehearsal", "scaffold-test-"));
  for (const file of [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "biome.json",
    "infra",
    "sites",
    "workers",
    ".github",
  ])
    cpSync(join(ROOT, file), join(root, file), {
      recursive: true,
      filter: (path) => !path.includes(".wrangler"),
    });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  await add("worker", "example-greeter");
  await add("site", "example-docs");
  await add("project", "example-shop");
  await add({ project: "example-shop" }, "worker", "cart");
});
afterAll(() => root && rmSync(root, { recursive: true, force: true }));

function add(...[first, ...others]: [Record<string, unknown> | string, ...string[]]) {
  const [values, positionals] = typeof first === "string" ? [{}, [first, ...others]] : [first, others];
  const context = {
    root,
    env: {},
    reporter: createReporter({ stream: new PassThrough().resume(), github: false }),
    json: false,
    now: () => new Date(),
    signal: new AbortController().signal,
  };
  return command.run(context, { values, positionals });
}
const run = (program: string, ...args: string[]) =>
  execa(join(ROOT, "node_modules", ".bin", program), args, { cwd: root, reject: false, all: true });

test("The deployment and the infrastructure find what was added by itself", () => {
  const { workers, sites } = findParts(root);
  expect(workers.map(({ name }) => name)).toContain("example-greeter");
  expect(sites.map(({ name }) => name)).toContain("example-docs");
  const { workers: ofInfra, sites: hosts } = readRepository(root);
  expect(ofInfra.map(({ name }) => name)).toContain("example-greeter");
  expect(hosts).toContain("example-docs");
});

test("What was added passes the linter and the type checker as it stands", async () => {
  const [lint, types, ofProject] = await Promise.all([
    run("biome", "check", "--vcs-enabled=false", "workers/example-greeter", "sites/example-docs", "projects"),
    run("tsc", "-p", "workers/example-greeter"),
    run("tsc", "-p", "projects/example-shop/workers/cart"),
  ]);
  expect(lint.exitCode, lint.all).toBe(0);
  expect(types.exitCode, types.all).toBe(0);
  expect(ofProject.exitCode, ofProject.all).toBe(0);
}, 60_000);

test("A new Worker's own tests pass in workerd", async () => {
  const { exitCode, all } = await run("vitest", "run", "--root", "workers/example-greeter");
  expect(exitCode, all).toBe(0);
  expect(all).toMatch(/Tests.*3 passed/);
}, 60_000);

test("A new project has the root's stacks under names and hosts of its own, and workflows for its branch and its tags", () => {
  const project = readProject(root);
  const stacks = ["dev", "prod", "example-shop-dev", "example-shop-prod"];
  expect(project.stacks).toEqual(expect.arrayContaining(stacks));
  const settings = (key: string) => stacks.map((stack) => stackSetting(project, stack, key));
  expect(settings("hostSuffix")).toEqual(["-dev", "", "-example-shop-dev", "-example-shop"]);
  expect(settings("ownsZone")).toEqual(["false", "true", "false", "false"]);
  const text = (file: string) => readFileSync(join(root, file), "utf8");
  expect(text("projects/example-shop/infra/Pulumi.example-shop-prod.yaml")).not.toContain("quayside:");
  const workflow = (file: string) => parse(text(`.github/workflows/${file}.yml`));
  expect(workflow("deploy-example-shop-dev")).toMatchObject({
    jobs: {
      "example-shop-dev": { with: { stack: "example-shop-dev" } },
      candidate: { needs: "example-shop-dev" },
    },
  });
  expect(workflow("release-example-shop-prod")).toMatchObject({
    on: { push: { tags: ["example-shop-v*"] } },
    jobs: { "example-shop-prod": { with: { stack: "example-shop-prod" } } },
  });
  for (const file of ["rollback", "resume"])
    expect(workflow(file)).toMatchObject({
      on: { workflow_dispatch: { inputs: { stack: { options: expect.arrayContaining(stacks) } } } },
    });
});

test("What is encrypted for a stack does not come into another", () => {
  const files = projectFiles("shop", {
    project: "name: quayside\nruntime: nodejs\n",
    stacks: {
      dev: "encryptionsalt: v1:abc\nconfig:\n  quayside:domain: example.com\n  quayside:password:\n    secure: v1:def\n",
      prod: "config: {}\n",
    },
    workflows: { dev: "", prod: "" },
    securityTxt: undefined,
    example: { image: "image", releaseKey: "key" },
  });
  expect(parse(files["projects/shop/infra/Pulumi.shop-dev.yaml"] ?? "")).toEqual({
    config: {
      "shop:domain": "example.com",
      "shop:hostSuffix": "-shop-dev",
      "shop:ownsZone": "false",
      "shop:image": "image",
      "shop:releaseKey": "key",
    },
  });
});

test("A new site says where holes are reported under its own host", () => {
  const text = readFileSync(join(root, "sites/example-docs/.well-known/security.txt"), "utf8");
  expect(text).toMatch(/^Canonical: https:\/\/example-docs\./m);
});

test.each([
  ["worker", "intake", /it is there already/],
  ["worker", "Greeter", /lower-case letters/],
  ["worker", "go", /which are too many/],
  ["worker", "intakes", /the paths of the Worker intake/],
  ["worker", "style", /www's \/style\.css/],
  ["site", "app", /a host app already/],
  ["project", "example-shop", /it is there already/],
  ["project", "example-shop-eu", /taken for what is of the project example-shop/],
  ["project", "quayside", /taken for what is of the project quayside/],
  ["project", "vault", /begin with a v/],
  ["project", "dev", /the stack dev has the hosts/],
  ["worker", "cart-example-shop", /same script as projects\/example-shop\/workers\/cart/],
])("A %s can't be called %s, and nothing is written", async (kind, name, reason) => {
  await expect(add(kind, name)).rejects.toMatchObject({
    code: "name-unfit",
    exitCode: 2,
    message: expect.stringMatching(reason),
  });
  if (name !== "intake" && name !== "example-shop")
    expect(existsSync(join(root, `${kind}s`, name))).toBe(false);
});
