import { describe, expect, it } from "vitest";
import { readActLog } from "./log.ts";

const line = (fields: Record<string, unknown>) => JSON.stringify({ level: "info", ...fields });
const job = { job: "deploy-dev/Deploy dev   ", jobID: "deploy" };

describe("what act printed", () => {
  it("becomes jobs with their results and outputs, and a text for people", () => {
    const log = readActLog(
      [
        "act speaks before it knows JSON",
        line({ ...job, msg: "⭐ Run Main Run" }),
        line({ ...job, msg: "hello\r", raw_output: true }),
        line({
          ...job,
          msg: "  ⚙  ::set-output:: outcome=x",
          command: "set-output",
          name: "outcome",
          arg: "x",
        }),
        line({ ...job, msg: "Summary - # Done", command: "summary", content: "# Done" }),
        line({ ...job, msg: "🏁  Job succeeded", jobResult: "success" }),
      ].join("\n"),
      [],
    );
    expect(log.jobs).toEqual([
      { id: "deploy", name: "deploy-dev/Deploy dev", result: "success", outputs: { outcome: "x" } },
    ]);
    expect(log.text.split("\n")).toEqual([
      "act speaks before it knows JSON",
      "⭐ Run Main Run",
      "  hello",
      "🏁  Job succeeded",
    ]);
    expect(log.summary).toBe("# Done");
  });

  it("has no secret in any of it: those of the run, and those that a step masks, before and after", () => {
    const log = readActLog(
      [
        line({ ...job, msg: "early s3cret-of-a-step", raw_output: true }),
        line({
          ...job,
          msg: "  ⚙  ***",
          command: "add-mask",
          arg: "s3cret-of-a-step",
          raw: "::add-mask::s3cret-of-a-step",
        }),
        line({ ...job, msg: "late s3cret-of-a-step ghs_token", raw_output: true }),
        line({ ...job, msg: "", command: "set-output", name: "leak", arg: "s3cret-of-a-step" }),
        line({ ...job, msg: "", command: "summary", content: "s3cret-of-a-step" }),
      ].join("\n"),
      ["ghs_token"],
    );
    expect(JSON.stringify(log)).not.toMatch(/s3cret-of-a-step|ghs_token/);
    expect(log.jobs[0]?.outputs.leak).toBe("***");
  });
});
