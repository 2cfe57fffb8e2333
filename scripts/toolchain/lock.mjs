import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { killGroup } from "./child.mjs";
import { isAlive, processStart } from "./process-identity.mjs";

const POLL_MS = 100;
const HEARTBEAT_MS = 5_000;
/** An owner that we can't look at (another container or machine on the same folder) is dead after so long without a beat. */
const SILENT_MS = 60_000;
const END_WORKERS_MS = 5_000;

/**
 * @typedef {{ pid: number, start: string }} ProcessIdentity `start` tells a process from a later one with the same pid
 * @typedef {ProcessIdentity & { where: string, workers: ProcessIdentity[], released?: boolean }} Owner
 * @typedef {object} Lock
 * @property {(pid: number) => void} adopt names a process group that works for the owner: whoever takes the lock from
 *   a dead owner ends it first, because it may still be writing
 * @property {() => void} release
 */

/**
 * Takes a lock between processes, and waits for it as long as its owner lives.
 *
 * The lock is the file with the highest number among `<file>.<number>`. It is free when it says so or when its owner
 * is dead; it is taken by creating the next number, which exactly one process can do. No process ever removes the highest
 * file, so nobody can remove a lock that somebody else has just taken: the weak point of locks that are deleted when stale.
 *
 * @param {string} file in a folder that may not be there yet
 * @param {(ownerPid: number) => void} [onWait] called on each look at a lock that is held
 * @returns {Promise<Lock>}
 */
export async function takeLock(file, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    const current = highest(file);
    const owner = current > 0 ? readOwner(file, current) : undefined;
    if (owner && !owner.released && lives(file, current, owner)) {
      onWait?.(owner.pid);
      await delay(POLL_MS);
      continue;
    }
    /** @type {Owner} */
    const me = { pid: process.pid, start: processStart(process.pid) ?? "", where: here(), workers: [] };
    const mine = current + 1;
    if (!create(file, mine, me)) continue;
    if (highest(file) !== mine) {
      // We were asleep between looking and creating; others took and cleaned meanwhile. Theirs is the higher one.
      rmSync(numbered(file, mine), { force: true });
      continue;
    }
    for (const number of numbers(file)) if (number < mine) rmSync(numbered(file, number), { force: true });
    if (owner && !owner.released && owner.where === here()) await endWorkers(owner);
    return held(file, mine, me);
  }
}

/**
 * @param {string} file
 * @param {number} mine
 * @param {Owner} me
 * @returns {Lock}
 */
function held(file, mine, me) {
  const path = numbered(file, mine);
  const beat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // A machine that slept long may have lost the lock to another host; every result is moved into place whole anyway.
    }
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    adopt(pid) {
      me.workers.push({ pid, start: processStart(pid) ?? "" });
      replace(path, me);
    },
    release() {
      clearInterval(beat);
      replace(path, { ...me, released: true });
    },
  };
}

/**
 * @param {string} file
 * @param {number} number
 * @param {Owner} owner
 */
function lives(file, number, owner) {
  if (owner.where === here()) return isAlive(owner);
  try {
    return Date.now() - statSync(numbered(file, number)).mtimeMs < SILENT_MS;
  } catch {
    return false;
  }
}

/** @param {Owner} owner */
async function endWorkers(owner) {
  const until = Date.now() + END_WORKERS_MS;
  for (const worker of owner.workers) {
    while (isAlive(worker) && Date.now() < until) {
      killGroup(worker.pid, "SIGKILL");
      await delay(POLL_MS);
    }
  }
}

/**
 * Written whole under another name first: a lock file is never seen half-written.
 *
 * @param {string} file
 * @param {number} number
 * @param {Owner} owner
 * @returns {boolean} false when somebody else was faster
 */
function create(file, number, owner) {
  const draft = `${file}-draft-${process.pid}`;
  writeFileSync(draft, JSON.stringify(owner));
  try {
    linkSync(draft, numbered(file, number));
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * @param {string} path
 * @param {Owner} owner
 */
function replace(path, owner) {
  const draft = `${path}-draft-${process.pid}`;
  writeFileSync(draft, JSON.stringify(owner));
  renameSync(draft, path);
}

/**
 * @param {string} file
 * @param {number} number
 * @returns {Owner | undefined} undefined when it was replaced by a higher number since we looked
 */
function readOwner(file, number) {
  try {
    return JSON.parse(readFileSync(numbered(file, number), "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {string} file */
function highest(file) {
  return Math.max(0, ...numbers(file));
}

/** @param {string} file */
function numbers(file) {
  const prefix = `${basename(file)}.`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

/**
 * @param {string} file
 * @param {number} number
 */
function numbered(file, number) {
  return join(dirname(file), `${basename(file)}.${number}`);
}

/** @type {string | undefined} */
let place;

/** Pids mean something only on one host and in one pid namespace. */
function here() {
  if (place === undefined) {
    place = hostname();
    try {
      place += ` ${readlinkSync("/proc/self/ns/pid")}`;
    } catch {
      // Not Linux: one pid namespace a host.
    }
  }
  return place;
}
