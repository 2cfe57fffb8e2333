import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { WorkflowRun } from "../github/runs.ts";
import { processStart } from "../toolchain/process-identity.mjs";
import { judgeLock, judgeUpdate, type Witnesses } from "./holder.ts";
import { thisProcess } from "./this-process.ts";
import type { OpenUpdate, UpdateRecord } from "./update-record.ts";

const here = thisProcess();
const NOW = new Date();
const URL = "https://github.com/o/r/actions/runs/7";

function witnesses(changes: Partial<Witnesses> & { runs?: WorkflowRun[] } = {}): Witnesses {
  const { runs = [], ...rest } = changes;
  return {
    here,
    now: NOW,
    ownRun: { id: 8, attempt: 1 },
    run: async (id) => runs.find((run) => run.id === id),
    namesAreUnique: false,
    ...rest,
  };
}
function update(record: Partial<UpdateRecord> = {}, failed = false): OpenUpdate {
  return {
    key: "1",
    failed,
    record: {
      schema: 1,
      kind: "update",
      stack: "dev",
      sha: "a",
      actor: "robin",
      startedAt: NOW.toISOString(),
      process: { host: "runner-1", boot: "another", pid: 42 },
      run: { id: 7, attempt: 1, url: URL },
      ...record,
    },
  };
}
const run = (changes: Partial<WorkflowRun>): WorkflowRun => ({
  id: 7,
  attempt: 1,
  finished: false,
  conclusion: undefined,
  url: URL,
  ...changes,
});
/** A process of this test that has ended, and its identity. */
async function ended(): Promise<{ pid: number; start: string | undefined }> {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
  const pid = child.pid ?? 0;
  const start = processStart(pid);
  child.kill("SIGKILL");
  await once(child, "exit");
  return { pid, start };
}

describe("an update that did not end in order", () => {
  test("is gone when GitHub says that its run is over, and alive as long as it does not", async () => {
    expect(
      await judgeUpdate(update(), witnesses({ runs: [run({ finished: true, conclusion: "cancelled" })] })),
    ).toMatchObject({ state: "gone", why: "the run is over (cancelled)" });
    expect(await judgeUpdate(update(), witnesses({ runs: [run({})] }))).toMatchObject({
      state: "alive",
      url: URL,
      who: expect.stringContaining("workflow run 7"),
    });
  });

  test("is gone when another attempt of its run is under way, this one too", async () => {
    expect(await judgeUpdate(update(), witnesses({ runs: [run({ attempt: 2 })] }))).toMatchObject({
      state: "gone",
    });
    expect(await judgeUpdate(update(), witnesses({ ownRun: { id: 7, attempt: 2 } }))).toMatchObject({
      state: "gone",
    });
  });

  test("is not known to be gone when GitHub knows nothing of its run", async () => {
    expect(await judgeUpdate(update(), witnesses())).toMatchObject({ state: "unknown" });
  });

  test("is judged by its process where that was on this machine since it was started", async () => {
    const own = { host: here.host, boot: here.boot, pid: here.pid, start: here.start };
    expect(await judgeUpdate(update({ process: own }), witnesses())).toMatchObject({ state: "alive" });
    const dead = { host: here.host, boot: here.boot, ...(await ended()) };
    expect(await judgeUpdate(update({ process: dead }), witnesses())).toMatchObject({ state: "gone" });
  });

  test("is gone when it said itself that it failed", async () => {
    expect(await judgeUpdate(update({}, true), witnesses())).toMatchObject({ state: "gone" });
  });
});

describe("a lock", () => {
  const lock = { url: "file:///x", user: "runner", host: "runner-1", pid: 42, at: NOW.toISOString() };

  test("of a run that is over may be broken, one of a run that goes on may not, with the run's link", async () => {
    expect(await judgeLock(lock, [update()], witnesses({ runs: [run({ finished: true })] }))).toMatchObject({
      state: "gone",
    });
    expect(await judgeLock(lock, [update()], witnesses({ runs: [run({})] }))).toMatchObject({
      state: "alive",
      url: URL,
      who: expect.stringMatching(/runner@runner-1 \(pid 42\), since .*workflow run 7/),
    });
  });

  test("that nobody has written down is not broken for what another machine says of itself", async () => {
    expect(await judgeLock(lock, [], witnesses({ namesAreUnique: true }))).toMatchObject({
      state: "unknown",
    });
    const other = { ...lock, host: here.host, pid: (await ended()).pid };
    // Two hosted runners may bear the same name, so that a pid that is not here proves nothing.
    expect(await judgeLock(other, [], witnesses({ namesAreUnique: false }))).toMatchObject({
      state: "unknown",
    });
  });

  test("of a process of this machine is broken when that is dead, and only then", async () => {
    const mine = { ...lock, host: here.host };
    const named = witnesses({ namesAreUnique: true });
    expect(await judgeLock({ ...mine, pid: (await ended()).pid }, [], named)).toMatchObject({
      state: "gone",
    });
    expect(await judgeLock({ ...mine, pid: process.pid }, [], named)).toMatchObject({ state: "alive" });
  });

  test("of an engine that outlives its killed pipeline stays until the engine is done", async () => {
    const dead = { host: here.host, boot: here.boot, ...(await ended()) };
    const written = [update({ process: dead })];
    expect(
      await judgeLock({ ...lock, host: here.host, pid: process.pid }, written, witnesses()),
    ).toMatchObject({
      state: "alive",
      why: expect.stringContaining("still runs"),
    });
    expect(
      await judgeLock({ ...lock, host: here.host, pid: (await ended()).pid }, written, witnesses()),
    ).toMatchObject({ state: "gone" });
  });
});
