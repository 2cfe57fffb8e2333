import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { CHAPTERS } from "./story/chapters.ts";
import { loop } from "./story/loop.ts";

const root = dirname(dirname(import.meta.dirname));
const name = `.rehearsal-test-${process.pid}`;
const dir = join(root, name);

const Report = z.object({
  schema: z.literal(1),
  outcome: z.string(),
  seconds: z.number(),
  standIns: z.array(z.string()).min(1),
  scenes: z.array(
    z.object({
      name: z.string(),
      error: z.string().optional(),
      expectations: z.array(z.object({ text: z.string(), ok: z.boolean(), seen: z.string().optional() })),
      jobs: z.array(z.object({ name: z.string(), exitCode: z.number(), file: z.string() })),
      evidence: z.array(z.object({ title: z.string(), file: z.string() })),
    }),
  ),
});

function rehearse(...args: string[]) {
  return execa(process.execPath, ["--no-warnings", "scripts/cli.ts", "rehearse", "--json", ...args], {
    cwd: root,
    reject: false,
    stdin: "ignore",
  });
}

describe("the whole story, played once", () => {
  let played: Awaited<ReturnType<typeof rehearse>>;
  let report: z.infer<typeof Report>;
  let passed = false;

  beforeAll(async () => {
    played = await rehearse("--dir", name);
    expect(existsSync(join(dir, "report.json")), played.stderr).toBe(true);
    report = Report.parse(JSON.parse(readFileSync(join(dir, "report.json"), "utf8")));
    passed = report.outcome === "passed";
  }, 300_000);
  // The evidence of a failed rehearsal is wanted.
  afterAll(() => {
    if (passed) rmSync(dir, { recursive: true, force: true });
  });

  it("meets every expectation", () => {
    const unmet = report.scenes.flatMap((scene) => [
      ...scene.expectations
        .filter(({ ok }) => !ok)
        .map(({ text, seen }) => `${scene.name}: ${text}; seen: ${seen}`),
      ...(scene.error === undefined ? [] : [`${scene.name} broke off: ${scene.error}`]),
    ]);
    expect(unmet).toEqual([]);
    expect(report.outcome).toBe("passed");
    expect(played.exitCode, played.stderr).toBe(0);
  });

  it("plays every scene in its order, and none that expects nothing", () => {
    expect(report.scenes.map((scene) => scene.name)).toEqual(loop.scenes.map((scene) => scene.name));
    expect(report.scenes.filter(({ expectations }) => expectations.length === 0)).toEqual([]);
  });

  it("looks for the planted secrets in many files and finds none", () => {
    const search = report.scenes
      .flatMap(({ expectations }) => expectations)
      .find(({ text }) => /planted secrets/.test(text));
    expect(search).toMatchObject({ ok: true });
    const files = Number(/any of (\d+) files/.exec(search?.text ?? "")?.[1]);
    expect(files).toBeGreaterThan(100);
  });

  it("leaves the log of every job and every piece of evidence beside the report, and a page that holds them", () => {
    const page = readFileSync(join(dir, "index.html"), "utf8");
    for (const { expectations, jobs, evidence } of report.scenes) {
      for (const { file } of [...jobs, ...evidence]) expect(existsSync(join(dir, file)), file).toBe(true);
      for (const { text } of expectations) expect(page).toContain(text.replaceAll("'", "&#39;"));
      for (const { title } of evidence) expect(page).toContain(title.replaceAll("'", "&#39;"));
    }
  });

  it("prints one JSON document and nothing else on stdout", () => {
    expect(JSON.parse(played.stdout)).toMatchObject({
      outcome: "succeeded",
      report: join(dir, "report.json"),
      expectations: report.scenes.flatMap(({ expectations }) => expectations).length,
    });
  });

  it("tells each scene in a line on stderr, and where the report is", () => {
    for (const { title } of loop.scenes)
      expect(played.stderr).toMatch(new RegExp(`^✓ ${title}  \\d+ expectation`, "m"));
    expect(played.stderr).toContain(`The report: ${name}/index.html`);
  });
});

it.each([
  ["a scene that there is not", ["--scene", "encore"], "pull-request"],
  ["a chapter that there is not", ["--chapter", "encore"], "loop"],
  ["a chapter and all of them", ["--chapter", "loop", "--all"], "exclude each other"],
  ["a folder outside of the repository", ["--dir", "../.rehearsal-elsewhere"], ".rehearsal"],
  ["a folder that holds the sources", ["--dir", "scripts"], ".rehearsal"],
])("refuses %s, touches nothing and says what to name instead", async (_name, args, hint) => {
  const { exitCode, stderr } = await rehearse(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(hint);
});

it("gives chapters and scenes names of their own, as one names them on the command line", () => {
  const scenes = CHAPTERS.flatMap((chapter) => chapter.scenes.map(({ name }) => name));
  const chapters = CHAPTERS.map(({ name }) => name);
  for (const names of [scenes, chapters]) expect(new Set(names).size).toBe(names.length);
  for (const name of [...scenes, ...chapters]) expect(name).toMatch(/^[a-z][a-z-]*$/);
});
