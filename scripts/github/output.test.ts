import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  annotateError,
  annotateWarning,
  appendSummary,
  endGroup,
  group,
  maskSecret,
  setOutput,
} from "./output.ts";

const folder = mkdtempSync(join(tmpdir(), "output-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const actions = { GITHUB_ACTIONS: "true" };
const AWKWARD = "50% of a,b:c\r\nsecond: line";

/** What is written to the sink by `work`. */
function written(work: (sink: { write(text: string): void }) => void): string {
  let text = "";
  work({
    write: (part) => {
      text += part;
    },
  });
  return text;
}

function emptyFile(name: string, content = ""): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("what a step tells the runner", () => {
  it("is what @actions/core would say", () => {
    const output = emptyFile("core-output");
    const script = `import * as core from "@actions/core";
      const text = ${JSON.stringify(AWKWARD)};
      core.setSecret(text); core.startGroup(text); core.endGroup();
      core.error(text, { title: text, file: "infra/program.ts", startLine: 7 }); core.warning(text);
      core.setOutput("digest", text);`;
    const core = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, GITHUB_OUTPUT: output },
      cwd: import.meta.dirname,
    });
    const ours = written((sink) => {
      maskSecret(AWKWARD, actions, sink);
      group(AWKWARD, actions, sink);
      endGroup(actions, sink);
      annotateError(AWKWARD, { title: AWKWARD, file: "infra/program.ts", line: 7 }, actions, sink);
      annotateWarning(AWKWARD, {}, actions, sink);
    });
    expect(ours).toBe(core);
    const own = emptyFile("own-output");
    setOutput("digest", AWKWARD, { GITHUB_OUTPUT: own });
    const plain = (path: string): string =>
      readFileSync(path, "utf8").replaceAll(/ghadelimiter_[0-9a-f-]+/g, "END");
    expect(plain(own)).toBe(plain(output));
  });

  it("is readable outside of Actions and never shows a secret there", () => {
    const text = written((sink) => {
      maskSecret("hunter2", {}, sink);
      group("Preview", {}, sink);
      endGroup({}, sink);
      annotateError("no such zone", { file: "infra/Pulumi.dev.yaml", line: 3 }, {}, sink);
    });
    expect(text).toBe("Preview\nerror: no such zone (infra/Pulumi.dev.yaml:3)\n");
  });

  it("masks nothing empty, which would blank every log", () => {
    expect(written((sink) => maskSecret(" ", actions, sink))).toBe("");
  });
});

describe("the job summary", () => {
  it("is appended to", () => {
    const file = emptyFile("summary", "# Before\n");
    expect(appendSummary("after", { GITHUB_STEP_SUMMARY: file })).toBe("whole");
    expect(readFileSync(file, "utf8")).toBe("# Before\nafter\n");
    expect(appendSummary("x", {})).toBe("none");
  });

  it("is cut at a whole line where 1 MiB is full, and stays under it", () => {
    const file = emptyFile("long-summary", "# Before\n");
    const lines = Array.from({ length: 60_000 }, (_, n) => `| größe ${n} | 🚢 |`);
    expect(appendSummary(lines.join("\n"), { GITHUB_STEP_SUMMARY: file })).toBe("cut");
    const size = statSync(file).size;
    expect(size).toBeLessThanOrEqual(1024 * 1024);
    expect(size).toBeGreaterThan(1024 * 1024 - 200);
    expect(readFileSync(file, "utf8")).toMatch(/\| größe \d+ \| 🚢 \|\n\n\n… cut: .*\n$/);
    expect(appendSummary("more", { GITHUB_STEP_SUMMARY: file })).toMatch(/whole|cut/);
    expect(statSync(file).size).toBeLessThanOrEqual(1024 * 1024);
  });
});
