import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../errors.ts";
import type { Ground } from "./ground.ts";
import type { LaneAnswer, LaneOrder } from "./lane.ts";
import { killTree } from "./victim.ts";

/** A process that plays trials, started when it is needed, and started anew when the last one broke. */
export interface Lane {
  /** @throws Error where the trial broke off, the process ended, or it took longer than {@link LIMIT_MS} */
  ask(order: LaneOrder): Promise<LaneAnswer>;
  /** Ends the process and all that it has started; what it was asked is refused. */
  close(): void;
}

/** For one trial, four deployments at most, on a machine that is busy. */
const LIMIT_MS = 12 * 60_000;

/** @param number tells its folder from those of the others */
export function openLane(ground: Ground, number: number): Lane {
  let child: ChildProcess | undefined;
  let errors = "";
  const { dir, sha } = ground;
  const start = (): ChildProcess => {
    const place = join(dir, `lane-${number}`);
    const started = fork(
      fileURLToPath(new URL("lane.ts", import.meta.url)),
      [JSON.stringify({ place, dir, sha })],
      { execArgv: ["--no-warnings"], serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"] },
    );
    errors = "";
    started.stderr?.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    return started;
  };
  const close = () => {
    if (child?.pid !== undefined) killTree(child.pid);
    child = undefined;
  };
  return {
    close,
    async ask(order) {
      child ??= start();
      const asked = child;
      try {
        return await answerOf(asked, order);
      } catch (error) {
        close();
        const why = messageOf(error);
        throw new Error(`${why}\n${errors}`.trimEnd(), { cause: error });
      }
    },
  };
}

async function answerOf(child: ChildProcess, order: LaneOrder): Promise<LaneAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<LaneAnswer>();
  const tooLong = `It was not over after ${LIMIT_MS / 60_000} minutes.`;
  const limit = setTimeout(() => reject(new Error(tooLong)), LIMIT_MS);
  const ended = (code: number | null, signal: string | null) =>
    reject(new Error(`The lane's process ended (${signal ?? `exit ${code}`}).`));
  const said = (answer: LaneAnswer) =>
    "error" in answer ? reject(new Error(answer.error)) : resolve(answer);
  child.once("message", said).once("exit", ended);
  child.send(order, (error) => {
    if (error) reject(error);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
    child.off("message", said).off("exit", ended);
  }
}
