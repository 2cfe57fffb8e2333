import { describe, expect, it } from "vitest";
import { assertPassed } from "./verdict.ts";

const loop = { name: "loop", title: "The whole loop", tells: "", stageSeconds: 1 };
const server = {
  name: "server",
  title: "The servers, for real",
  tells: "",
  stageSeconds: 0,
  skipped: "install podman.",
};
const scene = {
  title: "Merge",
  tells: "",
  name: "merge",
  chapter: "loop",
  seconds: 1,
  expectations: [],
  jobs: [],
  evidence: [],
};
const judge = (rehearsal: Parameters<typeof assertPassed>[0]) => () => assertPassed(rehearsal, ".rehearsal");

describe("the verdict on a rehearsal", () => {
  it("lets one pass in which everything that this machine can play went as expected", () => {
    expect(judge({ outcome: "passed", chapters: [loop, server], scenes: [scene] })).not.toThrow();
  });

  it("fails one that did not go as expected, and says where the evidence is", () => {
    expect(judge({ outcome: "failed", chapters: [loop], scenes: [scene] })).toThrow(
      expect.objectContaining({
        code: "expectation-failed",
        exitCode: 1,
        message: expect.stringContaining(".rehearsal"),
      }),
    );
  });

  it("fails one that was asked for and could not be played at all, and says what the machine lacks", () => {
    expect(judge({ outcome: "passed", chapters: [server], scenes: [] })).toThrow(
      expect.objectContaining({
        code: "chapter-unplayable",
        exitCode: 1,
        message: "Nothing was rehearsed. The servers, for real: install podman.",
      }),
    );
  });
});
