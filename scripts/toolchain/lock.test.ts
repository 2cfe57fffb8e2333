import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { isRunning, until } from "./testing/repository.ts";

const HOLDER = fileURLToPath(new URL("testing/hold-lock.mjs", import.meta.url));

function room() {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  const log = join(folder, "log");
  const file = join(folder, "locks", "thing.lock");
  writeFileSync(log, "");
  const children: ChildProcess[] = [];
  onTestFinished(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    file,
    gate: join(folder, "gate"),
    lines: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
    hold(name: string, ...more: string[]) {
      const child = spawn(process.execPath, [HOLDER, file, log, name, ...more], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      children.push(child);
      return child;
    },
    locks: () => readdirSync(join(folder, "locks")),
  };
}

describe("a lock between processes", () => {
  test("is never held by two, however many ask at once", async () => {
    const { hold, lines, locks } = room();
    const names = ["a", "b", "c", "d", "e", "f"];
    const exits = await Promise.all(names.map((name) => once(hold(name), "exit")));
    expect(exits.map(([code]) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    const turns = lines().filter((line) => !line.includes("waits"));
    expect(turns).toHaveLength(12);
    for (let turn = 0; turn < turns.length; turn += 2) {
      expect(turns[turn + 1]).toBe(turns[turn]?.replace("in", "out"));
    }
    expect(locks()).toEqual(["thing.lock.6"]);
  });

  test("tells who waits for whom, and goes on as soon as the owner is done", async () => {
    const { hold, lines, gate } = room();
    const first = hold("first", gate);
    await until(() => lines().includes("first in"));
    const second = hold("second");
    await until(() => lines().includes(`second waits for ${first.pid}`));
    writeFileSync(gate, "");
    await once(second, "exit");
    expect(lines().slice(-3)).toEqual(["first out", "second in", "second out"]);
  });

  test("of a killed owner is free, and what still worked for it is ended first", async () => {
    const { hold, lines, gate } = room();
    const first = hold("first", gate, "--with-worker");
    await until(() => lines().includes("first in"));
    const worker = Number(/employs (\d+)/.exec(lines().join("\n"))?.[1]);
    expect(isRunning(worker)).toBe(true);
    first.kill("SIGKILL");
    await once(first, "exit");
    expect(isRunning(worker)).toBe(true);
    await once(hold("second"), "exit");
    expect(isRunning(worker)).toBe(false);
    expect(lines().slice(-2)).toEqual(["second in", "second out"]);
  });

  test("of a killed owner goes to exactly one of many that wait", async () => {
    const { hold, lines, gate } = room();
    const first = hold("first", gate);
    await until(() => lines().includes("first in"));
    const waiters = ["a", "b", "c", "d"].map((name) => hold(name));
    await until(() => lines().filter((line) => line.includes("waits")).length === 4);
    first.kill("SIGKILL");
    await Promise.all(waiters.map((child) => once(child, "exit")));
    const turns = lines().filter((line) => /^[a-d] (in|out)$/.test(line));
    expect(turns).toHaveLength(8);
    for (let turn = 0; turn < turns.length; turn += 2) {
      expect(turns[turn + 1]).toBe(turns[turn]?.replace("in", "out"));
    }
  });

  test.skipIf(process.platform !== "linux")(
    "is not held by a later process with the owner's pid",
    async () => {
      const { hold, lines, file } = room();
      leave(file, { pid: process.pid, start: "1" });
      await once(hold("next"), "exit");
      expect(lines()).toEqual(["next in", "next out"]);
    },
  );

  test("of another machine is held while it beats, and free after a minute of silence", async () => {
    const { hold, lines, file } = room();
    const path = leave(file, { pid: 4_000_000, start: "1", where: "elsewhere" });
    const next = hold("next");
    await until(() => lines().includes("next waits for 4000000"));
    expect(lines()).not.toContain("next in");
    const longAgo = new Date(Date.now() - 61_000);
    utimesSync(path, longAgo, longAgo);
    await once(next, "exit");
    expect(lines().slice(-2)).toEqual(["next in", "next out"]);
  });
});

/** Leaves a lock file behind as an owner would that died. */
function leave(file: string, owner: { pid: number; start: string; where?: string }): string {
  const here =
    process.platform === "linux" ? `${hostname()} ${readlinkSync("/proc/self/ns/pid")}` : hostname();
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(`${file}.1`, JSON.stringify({ where: here, workers: [], ...owner }));
  return `${file}.1`;
}
