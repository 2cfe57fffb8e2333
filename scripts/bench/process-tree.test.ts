import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { residentOf, watchMemory } from "./process-tree.ts";

const processes = [
  { pid: 10, parent: 1, resident: 1 },
  { pid: 11, parent: 10, resident: 2 },
  { pid: 12, parent: 11, resident: 4 },
  { pid: 20, parent: 1, resident: 8 },
  { pid: 21, parent: 20, resident: 16 },
];

describe("the memory of processes", () => {
  it("is that of the roots and everything below them", () => {
    expect(residentOf(processes, new Set([10]), new Set())).toBe(7);
    expect(residentOf(processes, new Set([11, 20]), new Set())).toBe(30);
  });

  it("leaves out a host, but not what the host started", () => {
    expect(residentOf(processes, new Set([10]), new Set([20]))).toBe(23);
    expect(residentOf(processes, new Set(), new Set([11]))).toBe(4);
  });

  it("is nothing when the roots have ended", () => {
    expect(residentOf(processes, new Set([99]), new Set())).toBe(0);
  });
});

it("a watch sees the largest moment of a real process and of its child", async () => {
  // Both end with their stdin, so that neither outlives a test that failed.
  const end = "process.stdin.resume().once('end', () => process.exit());";
  const grow = `const held = Buffer.alloc(100e6, 1); console.log(held.length); ${end}`;
  const parent = `const child = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grow)}]);
    child.stdout.once("data", () => console.log("grown")); ${end}`;
  const memory = watchMemory();
  const child = spawn(process.execPath, ["-e", parent], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.pid === undefined) throw new Error("not started");
  memory.add(child.pid);
  await once(child.stdout, "data");
  const peak = await memory.stop();
  // The child alone holds 100 MB beside what Node needs.
  expect(peak).toBeGreaterThan(120e6);
  expect(peak).toBeLessThan(600e6);
  child.stdin.end();
  await once(child, "exit");
});
