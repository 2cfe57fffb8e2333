import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { mask } from "../secrets/redaction.ts";
import { createReporter, type Reporter } from "./reporter.ts";

const SECRET = "secret-of-the-reporter-test";
mask(SECRET);

/** What a reporter wrote while `work` went on, with its colours taken out of the way by a stream that is no terminal. */
async function written(
  kind: "plain" | "github" | "terminal",
  work: (reporter: Reporter, tick: (ms: number) => void) => unknown,
  heartbeatMs?: number,
): Promise<string> {
  let text = "";
  let clock = 0;
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _, done) {
        text += chunk.toString();
        done();
      },
    }),
    { isTTY: kind === "terminal", columns: 40 },
  );
  const reporter = createReporter({ stream, github: kind === "github", now: () => clock, heartbeatMs });
  await work(reporter, (ms) => {
    clock += ms;
  });
  reporter.close();
  return text;
}

test("A step ends with its time and what came of it; one that fails says so and hands its error on", async () => {
  const failure = new Error("no");
  const text = await written("plain", async (reporter, tick) => {
    await reporter.step(
      "Preview of dev",
      async () => tick(1234),
      () => "3 to change",
    );
    const failing = reporter.step("Update of dev", () => Promise.reject(failure));
    await expect(failing).rejects.toBe(failure);
  });
  expect(text).toBe("✓ Preview of dev  3 to change  1.2 s\n✗ Update of dev  0.0 s\n");
});

test("Where nobody sees a live line, what still goes on is told from time to time", async () => {
  const text = await written(
    "plain",
    (reporter, tick) =>
      reporter.step("Update of dev", async (note) => {
        note("7 done");
        tick(20_000);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }),
    10,
  );
  expect(text).toMatch(/^( {2}… Update of dev: 7 done \(20\.0 s\)\n)+✓ Update of dev {2}20\.0 s\n$/);
});

test("A terminal has one live line, no longer than the terminal, that every other line makes room for", async () => {
  const text = await written("terminal", async (reporter) => {
    await Promise.all([
      reporter.step("Worker intake", async () => reporter.say("a line")),
      reporter.step("Site with a name that is much too long for this", async () => undefined),
    ]);
  });
  const lines = text.split("\r\u001b[2K");
  expect(lines).toContain("a line\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(text.endsWith("\r\u001b[2K")).toBe(true);
});

test("In Actions warnings and failures are annotations, blocks are folds", async () => {
  const text = await written("github", (reporter) => {
    reporter.warn("100 % sure\nreally");
    reporter.fail("Stopped (usage)", "No.\nUsage: …");
    reporter.block("Rollback of dev", "  Worker intake");
  });
  expect(text).toBe(
    [
      "::warning::100 %25 sure%0Areally",
      "::error title=Stopped (usage)::No.%0AUsage: …",
      "::group::Rollback of dev",
      "  Worker intake",
      "::endgroup::",
      "",
    ].join("\n"),
  );
});

test("In Actions no text of others is a command to the runner", async () => {
  const evil = "::add-mask::x\n  ::error::y\n##[group]z\n::stop-commands::t";
  const text = await written("github", (reporter) => {
    reporter.say(evil);
    reporter.block("title\n::error::in the title", evil);
  });
  const commands = text.split("\n").filter((line) => /^\s*::|##\[/.test(line));
  expect(commands).toEqual(["::group::title%0A::error::in the title", "::endgroup::"]);
});

test("Elsewhere text stays as it is", async () => {
  expect(await written("plain", (reporter) => reporter.say("::add-mask::x"))).toBe("::add-mask::x\n");
});

test("A known secret is in nothing that is written, live lines and notes too", async () => {
  for (const kind of ["plain", "github", "terminal"] as const) {
    const text = await written(
      kind,
      async (reporter) => {
        reporter.say(SECRET);
        reporter.warn(SECRET);
        reporter.fail(SECRET, SECRET);
        reporter.block(SECRET, SECRET);
        await reporter.step(
          `step ${SECRET}`,
          async (note) => {
            note(SECRET);
            await new Promise((resolve) => setTimeout(resolve, 120));
          },
          () => SECRET,
        );
      },
      20,
    );
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(SECRET.slice(0, 12));
  }
});
