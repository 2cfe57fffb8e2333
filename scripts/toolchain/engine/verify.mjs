import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fingerprint } from "./place.mjs";

const LIMIT_MS = 60_000;

/**
 * @param {string} binary
 * @param {string} version
 * @returns {string | undefined} what is wrong with it; undefined when it runs and is that version
 */
export function engineProblem(binary, version) {
  const { status, signal, stdout, error } = spawnSync(binary, ["version"], {
    encoding: "utf8",
    timeout: LIMIT_MS,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  if (error)
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT" ? "not there" : error.message;
  if (status !== 0) return `\`pulumi version\` ends with ${signal ?? status}`;
  const answer = stdout.trim();
  return answer === `v${version}` ? undefined : `\`pulumi version\` answers ${answer || "nothing"}`;
}

/** @param {import("./place.mjs").EnginePlace} place */
export function rememberEngine(place) {
  mkdirSync(dirname(place.memory), { recursive: true });
  const draft = `${place.memory}.${process.pid}`;
  writeFileSync(draft, fingerprint(place));
  renameSync(draft, place.memory);
}
