import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRepository } from "../../infra/src/repository.ts";
import { command } from "../commands/new.ts";
import { findParts } from "../edge/parts.ts";
import { createReporter } from "../terminal/reporter.ts";

const ROOT = join(import.meta.dirname, "..", "..");
let root: string;

beforeAll(async () => {
  // Beside node_modules, as a checkout has it, and out of the sight of git and the linter of this one.
  mkdirSync(join(ROOT, ".rehearsal"), { recursive: true });
  root = mkdtempSync(join(ROOT, ".rehearsal", "scaffold-test-"));
  for (const file of ["package.json", "package-lock.json", "tsconfig.json", "biome.json", "sites", "workers"])
    cpSync(join(ROOT, file), join(root, file), {
      recursive: true,
      filter: (path) => !path.includes(".wrangler"),
    });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  await add("worker", "greeter");
  await add("site", "docs");
});
afterAll(() => root && rmSync(root, { recursive: true, force: true }));

function add(...positionals: string[]) {
  const context = {
    root,
    env: {},
    reporter: createReporter({ stream: new PassThrough().resume(), github: false }),
    json: false,
    now: () => new Date(),
    signal: new AbortController().signal,
  };
  return command.run(context, { values: {}, positionals });
}
const run = (program: string, ...args: string[]) =>
  execa(join(ROOT, "node_modules", ".bin", program), args, { cwd: root, reject: false, all: true });

test("The deployment and the infrastructure find what was added by itself", () => {
  const { workers, sites } = findParts(root);
  expect(workers.map(({ name }) => name)).toEqual(["greeter", "intake", "watch"]);
  expect(sites.map(({ name }) => name)).toContain("docs");
  const { workers: ofInfra, sites: hosts } = readRepository(root);
  expect(ofInfra.map(({ name }) => name)).toContain("greeter");
  expect(hosts).toContain("docs");
});

test("What was added passes the linter and the type checker as it stands", async () => {
  const [lint, types] = await Promise.all([
    run("biome", "check", "--vcs-enabled=false", "workers/greeter", "sites/docs"),
    run("tsc", "-p", "workers/greeter"),
  ]);
  expect(lint.exitCode, lint.all).toBe(0);
  expect(types.exitCode, types.all).toBe(0);
}, 60_000);

test("A new Worker's own tests pass in workerd", async () => {
  const { exitCode, all } = await run("vitest", "run", "--root", "workers/greeter");
  expect(exitCode, all).toBe(0);
  expect(all).toMatch(/Tests.*3 passed/);
}, 60_000);

test("A new site says where holes are reported under its own host", () => {
  const text = readFileSync(join(root, "sites/docs/.well-known/security.txt"), "utf8");
  expect(text).toMatch(/^Canonical: https:\/\/docs\.example\.com\//m);
});

test.each([
  ["worker", "intake", /it is there already/],
  ["worker", "Greeter", /lower-case letters/],
  ["worker", "go", /which are too many/],
  ["worker", "intakes", /the paths of the Worker intake/],
  ["worker", "style", /www's \/style\.css/],
  ["site", "app", /a host app already/],
])("A %s can't be called %s, and nothing is written", async (kind, name, reason) => {
  await expect(add(kind, name)).rejects.toMatchObject({
    code: "name-unfit",
    exitCode: 2,
    message: expect.stringMatching(reason),
  });
  if (name !== "intake") expect(existsSync(join(root, `${kind}s`, name))).toBe(false);
});
