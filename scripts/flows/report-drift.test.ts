import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context } from "../context.ts";
import { connect, type Github } from "../github/client.ts";
import { openIssue } from "../github/issue.ts";
import { updateRegistry } from "../recovery/registry.ts";
import { startGithub } from "../rehearsal/clouds/github/start.ts";
import { fileReleases } from "../release/store.ts";
import { manifest } from "../release/testing/manifest.ts";
import { createReporter } from "../terminal/reporter.ts";
import type { DriftFinding } from "./drift.ts";
import { reportDrift } from "./report-drift.ts";

const TOKEN = "ghs_token-of-this-test";
let folder: string;
let cloud: Awaited<ReturnType<typeof startGithub>>;
let github: Github;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drift-"));
  cloud = await startGithub({ world: folder, token: TOKEN });
  const [owner = "", name = ""] = cloud.repository.split("/");
  github = connect(TOKEN, { owner, name }, cloud.url, { sleep: async () => undefined });
});
afterAll(async () => {
  await cloud?.close();
  rmSync(folder, { recursive: true, force: true });
});

const finding = (name: string, changes: Partial<DriftFinding> = {}): DriftFinding => ({
  kind: "resource",
  key: `urn::${name}`,
  what: `Firewall ${name} was changed.`,
  part: "Firewall",
  name,
  verb: "was changed",
  diffs: [{ path: "rules[0].port", kind: "change", replaces: false, before: "443", after: "22" }],
  ...changes,
});

/** One night's check; gives what became of the issue, and its text. */
async function night(day: number, findings: DriftFinding[]): Promise<[string, string]> {
  const context: Context = {
    root: folder,
    env: {},
    reporter: createReporter({ stream: new PassThrough().resume(), github: false }),
    json: true,
    now: () => new Date(Date.UTC(2026, 10, day, 3, 17)),
    signal: new AbortController().signal,
  };
  const caller = {
    event: undefined,
    github,
    releases: fileReleases(folder),
    updates: updateRegistry({ github: undefined, event: undefined, folder }),
  };
  const action = await reportDrift(context, caller, { stack: "dev", release: manifest(1), findings });
  return [action, (await openIssue(github, "drift:dev"))?.body ?? ""];
}

test("Each finding keeps the night in which it was first seen, whatever comes and goes beside it", async () => {
  expect((await night(20, [finding("one")]))[0]).toBe("created");
  const [action, body] = await night(21, [finding("one"), finding("two")]);
  expect(action).toBe("updated");
  expect(body).toMatch(/`one`\*\* was changed\. \*\(first seen 20 November/);
  expect(body).toMatch(/`two`\*\* was changed\. \*\(first seen 21 November/);
  expect((await night(22, [finding("one"), finding("two")]))[0]).toBe("unchanged");
  expect(await night(23, [])).toEqual(["closed", ""]);
  expect((await night(24, [finding("one")]))[1]).toMatch(/first seen 24 November/);
});

test("What the cloud knows of when and by whom comes before what the check has seen", async () => {
  const since = { since: "2026-11-19T12:34:00Z", by: "kim@example.com" };
  const [, body] = await night(25, [
    finding("intake", { part: "Worker", verb: "runs", is: "version 2", should: "version 1", ...since }),
  ]);
  expect(body).toContain(
    "**Worker `intake`** runs `version 2` and not `version 1`. *(since 19 November 2026, 12:34 UTC, by `kim@example.com`)*",
  );
});

test("However much has drifted, the issue stays below GitHub's limit and pings nobody", async () => {
  const nasty = finding("@everybody <img src=x> `", {
    diffs: Array.from({ length: 40 }, (_, index) => ({
      path: `a-rather-long-property-path[${index}].${"x".repeat(100)}`,
      kind: "change" as const,
      replaces: false,
      before: "@everybody ".repeat(50),
      after: "```\n<script>".repeat(50),
    })),
  });
  const [, body] = await night(
    26,
    Array.from({ length: 300 }, (_, index) => ({ ...nasty, key: `urn::${index}` })),
  );
  expect(body.length).toBeLessThan(65_536);
  expect(body).toContain("and 270 more");
  const outsideOfCode = body.replaceAll(/(`+)[^`](?:[\s\S]*?[^`])?\1(?!`)/g, "");
  expect(outsideOfCode).not.toMatch(/@everybody|<img|<script/);
});
