import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa, type Result } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { loop } from "./story/loop.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const dir = join(ROOT, ".rehearsal");

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

describe("the whole story, played once", () => {
  let played: Result<{ reject: false }>;
  let report: z.infer<typeof Report>;

  beforeAll(async () => {
    played = await execa("npm", ["run", "--silent", "rehearse", "--", "--json"], {
      cwd: ROOT,
      reject: false,
      stdin: "ignore",
    });
    expect(existsSync(join(dir, "report.json")), played.stderr).toBe(true);
    report = Report.parse(JSON.parse(readFileSync(join(dir, "report.json"), "utf8")));
  }, 300_000);

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
    expect(played.stderr).toContain(`The report: .rehearsal/index.html`);
  });
});
