import { execa } from "execa";
import fc from "fast-check";
import { lexer, type Token, walkTokens } from "marked";
import { describe, expect, it } from "vitest";
import { outcomeNote } from "./comment/blocks.ts";
import { type PastPreview, readHistory } from "./comment/history.ts";
import { withOutcome } from "./comment/outcome.ts";
import type { CommentView, StackView } from "./comment/view.ts";
import { COMMENT_MARKER, renderComment, renderSummary } from "./comment.ts";
import { CANARY, view as views } from "./fixtures/arbitrary.ts";
import type { Change, Step } from "./model.ts";

const OUR_HTML =
  /^(<!-- quayside:preview -->|<!-- quayside:history [\w-]+ -->|<\/?details>|<summary>[^<]*<\/summary>|<\/?sub>|<br>|\s)*$/;
const OUR_LABELS = ["look at it", "run", "whole report", "Whole report"];

describe("a comment", () => {
  it("stays within GitHub's limit and keeps its structure whatever the values are", () => {
    fc.assert(
      fc.property(views, (view) => {
        const { markdown } = renderComment(view);
        expect(markdown.length).toBeLessThanOrEqual(65_536);
        expect(markdown.startsWith(COMMENT_MARKER)).toBe(true);
        expect(Buffer.from(markdown).toString()).toBe(markdown);
        expectSound(markdown);
      }),
      { numRuns: 200 },
    );
  });

  it("is the same for the same view", () => {
    fc.assert(
      fc.property(views, (view) => {
        expect(renderComment(structuredClone(view))).toEqual(renderComment(view));
      }),
      { numRuns: 40 },
    );
  });

  it("shows 10,000 steps in under 2 seconds, keeps the counts, and says how many are left out", () => {
    const view = viewOf([
      stackOf({ change: changeOf(Array.from({ length: 10_000 }, (_, i) => bigStep(i))) }),
    ]);
    const started = performance.now();
    const { markdown, cut } = renderComment(view);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(cut).toBe(true);
    expect(markdown.length).toBeLessThanOrEqual(65_536);
    expect(markdown).toContain("| 10,000 |");
    expect(markdown).toMatch(
      /And 9,\d{3} more steps \(9,\d{3} update\), and the properties of 9,\d{3} resources/,
    );
    expect(markdown).toContain("[whole report](https://github.example/artifact)");
    expectSound(markdown);
  });

  it("leaves out the largest diff and keeps the many small ones", () => {
    const huge = Array.from({ length: 3_000 }, (_, i) => ({
      path: `key${i}`,
      kind: "change" as const,
      replaces: false,
      before: "x".repeat(100),
      after: "y".repeat(100),
    }));
    const steps = [
      ...Array.from({ length: 120 }, (_, i) => bigStep(i)),
      ...Array.from({ length: 4 }, (_, i) => ({ ...bigStep(200 + i), diffs: huge })),
    ];
    const { markdown, cut } = renderComment(viewOf([stackOf({ change: changeOf(steps) })]));
    expect(cut).toBe(true);
    for (let i = 0; i < 120; i++) expect(markdown).toContain(`**\`server-${i}\`** · update`);
    expect(markdown).toMatch(/And the properties of \d resources?: too long/);
  });

  it("keeps the summary of every stack even where sixty of them are huge", () => {
    const stacks = Array.from({ length: 60 }, (_, n) =>
      stackOf({ stack: `stack-${n}`, change: changeOf(Array.from({ length: 200 }, (_, i) => bigStep(i))) }),
    );
    const { markdown, cut } = renderComment(viewOf(stacks));
    expect(cut).toBe(true);
    expect(markdown.length).toBeLessThanOrEqual(65_536);
    for (const { stack } of stacks) {
      expect(markdown).toContain(`| **\`${stack}\`** |`);
      expect(markdown).toContain(`#### \`${stack}\`: safe`);
    }
    expectSound(markdown);
  });

  it("uses its room to the end and never beyond, whatever the number of stacks and steps and their sizes", () => {
    const sizes = fc.record({
      stacks: fc.integer({ min: 1, max: 30 }),
      steps: fc.integer({ min: 100, max: 400 }),
      length: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(sizes, ({ stacks, steps, length }) => {
        const diffs = [
          { path: "a", kind: "change" as const, replaces: false, before: "x\n".repeat(length), after: "y" },
        ];
        const all = Array.from({ length: stacks }, (_, n) =>
          stackOf({
            stack: `stack-${n}`,
            change: changeOf(Array.from({ length: steps }, (_, i) => ({ ...bigStep(i), diffs }))),
          }),
        );
        const { markdown, cut } = renderComment(viewOf(all));
        expect(markdown.length).toBeLessThanOrEqual(65_536);
        for (const { stack } of all) expect(markdown).toContain(`#### \`${stack}\`: safe`);
        if (cut) expect(markdown.length).toBeGreaterThan(40_000);
      }),
      { numRuns: 8 },
    );
  });

  it("begins with the worst verdict", () => {
    const fine = stackOf({ stack: "dev" });
    const broken = stackOf({ stack: "prod", change: undefined, failure: { message: "no such host" } });
    const lines = renderComment(viewOf([fine, broken])).markdown.split("\n");
    expect(lines[2]).toBe("### Preview: will fail");
  });

  it("shows an error with its likely cause and what to do", () => {
    const failed = stackOf({
      change: undefined,
      failure: { message: "error: could not open stack: incorrect passphrase" },
    });
    const { markdown } = renderComment(viewOf([failed]));
    expect(markdown).toContain("can't be read with this passphrase");
    expect(markdown).toContain("*What to do:* Put the stack's own passphrase");
    expect(markdown).toContain("```text\nerror: could not open stack: incorrect passphrase\n```");
  });

  it("shows a multi-line value as the lines that differ", () => {
    const before = Array.from({ length: 30 }, (_, i) => `line ${i}`).join("\n");
    const after = before.replace("line 15", "line fifteen");
    const diffs = [{ path: "userData", kind: "change" as const, replaces: true, before, after }];
    const { markdown } = renderComment(viewOf([stackOf({ change: changeOf([{ ...bigStep(0), diffs }]) })]));
    expect(markdown).toContain("-   line 15\n+   line fifteen\n");
    expect(markdown).toContain("@@ 13 lines alike @@");
    expect(markdown).not.toContain("line 9\n");
  });

  it("shows texts of JSON as what differs in them", () => {
    const diffs = [
      {
        path: "policy",
        kind: "change" as const,
        replaces: false,
        before: '{"allow":["a"],"x":1}',
        after: '{ "x": 1, "allow": ["a", "b"] }',
      },
    ];
    const { markdown } = renderComment(viewOf([stackOf({ change: changeOf([{ ...bigStep(0), diffs }]) })]));
    expect(markdown).toContain('! policy: JSON\n+   allow[1]: "b"\n');
  });

  it("shows a server's user-data as what differs in it, file by file", () => {
    const userData = (port: number) =>
      `#cloud-config\npackages: [nginx-light]\nwrite_files:\n  - path: /etc/app.conf\n    content: |\n      listen 443;\n      proxy_pass ${port};\n`;
    const diffs = [
      {
        path: "userData",
        kind: "change" as const,
        replaces: true,
        before: userData(8000),
        after: userData(8001),
      },
    ];
    const { markdown } = renderComment(viewOf([stackOf({ change: changeOf([{ ...bigStep(0), diffs }]) })]));
    expect(markdown).toContain(
      [
        "! userData: cloud-config  (forces the replacement)",
        "!   write_files[0].content: 2 lines differ",
        "      listen 443;",
        "-     proxy_pass 8000;",
        "+     proxy_pass 8001;",
      ].join("\n"),
    );
  });

  it("needs no more memory for 10,000 steps than they take themselves, and a little", async () => {
    // The properties of one step alone would be 8 KB of text; 10,000 of them as text would not fit.
    const script = `
      import { renderComment } from ${JSON.stringify(new URL("./comment.ts", import.meta.url).href)};
      const value = (n) => Object.fromEntries(Array.from({ length: 40 }, (_, i) => ["key" + i, "v" + ((n * i) % 97)]));
      const steps = Array.from({ length: 10_000 }, (_, n) => ({
        urn: "urn:pulumi:dev::quayside::t:t:T::r" + n, type: "t:t:T", name: "r" + n, operation: "update",
        dependencies: [], protected: false, replaceKeys: [],
        diffs: [{ path: "data", kind: "change", replaces: false, before: value(n), after: value(n + 1) }],
      }));
      const change = { schema: 1, stack: "dev", steps, unchanged: 0, outputs: [], diagnostics: [] };
      gc();
      const before = process.memoryUsage().heapUsed;
      const { markdown } = renderComment({
        commit: "a".repeat(40), at: "2026-11-23T14:03:00Z",
        stacks: [{ stack: "dev", change, hazards: [], durationMs: 1 }],
      });
      const grown = process.memoryUsage().heapUsed - before;
      gc();
      const kept = process.memoryUsage().heapUsed - before;
      process.stdout.write(JSON.stringify({ before, grown, kept, length: markdown.length }));
    `;
    const { stdout } = await execa(process.execPath, [
      "--no-warnings",
      "--expose-gc",
      // Small, so that what is garbage is seen to be garbage.
      "--max-semi-space-size=4",
      "--input-type=module",
      "--eval",
      script,
    ]);
    const used: { before: number; grown: number; kept: number; length: number } = JSON.parse(stdout);
    expect(used.length).toBeGreaterThan(40_000);
    expect(used.grown).toBeLessThan(used.before);
    expect(used.kept).toBeLessThan(4_000_000);
  });

  it("remembers the earlier previews of a pull request, folded, and reads them back", () => {
    const past = (n: number, verdict: PastPreview["verdict"]): PastPreview => ({
      commit: String(n).repeat(40),
      at: `2026-11-2${n}T10:00:00Z`,
      verdict,
      runUrl: "https://github.example/o--r/actions/runs/1",
    });
    const history = [past(3, "safe"), past(2, "needs-approval"), past(1, "will-fail")];
    const { markdown } = renderComment({ ...viewOf([stackOf({})]), history });
    expect(markdown).toContain("<summary>2 earlier previews</summary>");
    expect(markdown).toContain("| `2222222` | 22 November 2026, 10:00 UTC | Needs approval | [run](");
    expect(readHistory(markdown)).toEqual(history);
    expectSound(markdown);
    expect(readHistory("<!-- quayside:history bm90IGpzb24 -->")).toEqual([]);
    expect(
      readHistory(`<!-- quayside:history ${Buffer.from('[{"commit":"<b>"}]').toString("base64url")} -->`),
    ).toEqual([]);
  });

  it("gets what became of it on each stack below its title, in place of what stood there, and keeps all else", () => {
    const { markdown } = renderComment(viewOf([stackOf({})]));
    const waiting = withOutcome(markdown, "dev", outcomeNote({ kind: "merged" }, "On `dev` this change"));
    const both = withOutcome(waiting, "prod", outcomeNote({ kind: "candidate" }, "On `prod` this change"));
    const applied = withOutcome(
      both,
      "dev",
      outcomeNote({ kind: "applied", with: 7 }, "On `dev` this change"),
    );
    const [title, dev, prod, table] = ["### Preview", "On `dev`", "On `prod`", "| Stack |"].map((text) =>
      applied.indexOf(text),
    );
    expect([title, dev, prod, table]).toEqual([title, dev, prod, table].toSorted((a = 0, b = 0) => a - b));
    expect(applied).toContain("> On `dev` this change was applied, together with #7.");
    expect(applied).not.toContain("its deployment follows");
    expect(
      applied.replace(/<!-- outcome \w+ -->[\s\S]*?<!-- \/outcome \w+ -->\n?/g, "").replace(/\n+/g, "\n"),
    ).toBe(markdown.replace(/\n+/g, "\n"));
  });

  it("keeps room for what becomes of it, and takes a shorter word where that is not enough", () => {
    const steps = Array.from({ length: 3_000 }, (_, i) => bigStep(i));
    const { markdown } = renderComment(viewOf([stackOf({ change: changeOf(steps) })]));
    const long = `> ${"x".repeat(2_800)}`;
    const both = withOutcome(withOutcome(markdown, "dev", long), "prod", long);
    expect(both.length).toBeLessThanOrEqual(65_536);
    expect(both.split(long)).toHaveLength(3);
    const tooLong = withOutcome(markdown, "dev", "x".repeat(10_000), "> short");
    expect(tooLong).toContain("> short");
    expect(tooLong.length).toBeLessThanOrEqual(65_536);
  });

  it("tells what became of the preview", () => {
    const view = {
      ...viewOf([stackOf({})]),
      outcome: {
        kind: "stopped" as const,
        why: "The change is another one now.",
        runUrl: "https://github.example/run",
      },
    };
    const { markdown } = renderComment(view);
    expect(markdown).toContain(
      "This change was stopped; nothing was touched. The change is another one now. ([run](",
    );
  });

  it("names each step in which it is another change than the reviewed one", () => {
    const urn = (name: string) => `urn:pulumi:dev::quayside::t::${name}`;
    const comparison = {
      same: false,
      outputs: true,
      unnamed: false,
      differences: [
        { urn: urn("a"), kind: "new" as const, now: "delete" as const },
        { urn: urn("b"), kind: "other" as const, reviewed: "update" as const, now: "replace" as const },
        { urn: urn("c"), kind: "other" as const, reviewed: "update" as const, now: "update" as const },
        { urn: urn("d"), kind: "gone" as const, reviewed: "create" as const },
      ],
    };
    const outcome = { kind: "stopped" as const, comparison };
    const { markdown } = renderComment(viewOf([stackOf({ outcome })]));
    expect(markdown).toContain(
      [
        "> `a`: delete, which was not reviewed<br>",
        "> `b`: replace instead of update<br>",
        "> `c`: update with other values<br>",
        "> `d`: the reviewed create is not to be done any more",
      ].join("\n"),
    );
    expectSound(markdown);
  });

  it("has no link to what is no web page", () => {
    const edge = [
      {
        kind: "worker" as const,
        name: "intake",
        action: "update" as const,
        previewUrl: "javascript:alert(1)",
      },
    ];
    expect(renderComment(viewOf([stackOf({ edge })])).markdown).not.toContain("javascript");
  });
});

describe("a job's summary", () => {
  it("counts its limit in bytes", () => {
    const steps = Array.from({ length: 3_000 }, (_, i) => ({
      ...bigStep(i),
      diffs: Array.from({ length: 20 }, (_, n) => ({
        path: `schlüssel${n}`,
        kind: "change" as const,
        replaces: false,
        before: "ä".repeat(60),
        after: "漢".repeat(60),
      })),
    }));
    const { markdown, cut } = renderSummary(viewOf([stackOf({ change: changeOf(steps) })]));
    expect(cut).toBe(true);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(1024 * 1024);
    expect(Buffer.byteLength(markdown)).toBeGreaterThan(900_000);
  });
});

/** Parses the Markdown and sees whether anything from outside got out of its place. */
function expectSound(markdown: string): void {
  let folds = 0;
  walkTokens(lexer(markdown), (token: Token) => {
    switch (token.type) {
      case "html":
        expect(token.raw).toMatch(OUR_HTML);
        folds += token.raw.split("<details>").length - token.raw.split("</details>").length;
        expect(folds).toBeGreaterThanOrEqual(0);
        expect(folds).toBeLessThanOrEqual(1);
        break;
      case "link":
        expect(OUR_LABELS).toContain(token.text);
        expect(token.href).toMatch(/^https?:\/\//);
        break;
      case "code":
        expect(token.raw).toMatch(/^(`{3,})(diff|text|mermaid)\n[\s\S]*\n\1\n*$/);
        break;
      case "table": {
        const columns = token.header.length;
        for (const line of token.raw.trim().split("\n")) expect(cells(line)).toBe(columns);
        break;
      }
      case "text":
        if (!("tokens" in token && token.tokens)) expectPlain(token.raw);
        break;
      case "heading":
        expect(token.depth).toBeGreaterThanOrEqual(3);
        break;
      case "image":
      case "def":
      case "list":
      case "hr":
      case "del":
        expect.unreachable(`a ${token.type} came out of a value: ${token.raw}`);
    }
  });
  expect(folds).toBe(0);
}

function expectPlain(text: string): void {
  if (text.includes(CANARY)) expect(text).toMatch(/^[A-Za-z0-9 .,()%→·+−-]*$/);
  const seen = text.replace(/&#?\w+;/g, "");
  expect(seen).not.toMatch(/@\w|#\d|GH-\d|:\/\/|www\.|:\w+:|\b[0-9a-f]{7,40}\b/i);
}

/** As GitHub counts: a bar with a backslash before it ends no cell. */
function cells(line: string): number {
  return line.replace(/\\\|/g, "").split("|").length - 2;
}

function bigStep(index: number): Step {
  return {
    urn: `urn:pulumi:dev::quayside::hcloud:index/server:Server::server-${index}`,
    type: "hcloud:index/server:Server",
    name: `server-${index}`,
    operation: "update",
    dependencies: [],
    protected: false,
    replaceKeys: [],
    diffs: [
      { path: "labels.a", kind: "change", replaces: false, before: `old-${index}`, after: `new-${index}` },
      { path: "labels.b", kind: "change", replaces: false, before: "x".repeat(80), after: "y".repeat(80) },
    ],
  };
}

function changeOf(steps: Step[]): Change {
  return { schema: 1, stack: "dev", steps, unchanged: 3, outputs: [], diagnostics: [] };
}

function stackOf(over: Partial<StackView>): StackView {
  return { stack: "dev", change: changeOf([]), hazards: [], durationMs: 1_000, ...over };
}

function viewOf(stacks: StackView[]): CommentView {
  return {
    commit: "abcdef0123456789abcdef0123456789abcdef01",
    at: "2026-11-23T14:03:00Z",
    artifactUrl: "https://github.example/artifact",
    stacks,
  };
}
