import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../child.mjs";

const SILENCE_SECONDS = 20;
const LOOK_MS = 250;

/**
 * The official download, done by Pulumi's own launcher (npm's `pulumi`) into a folder of its own: it runs Pulumi's
 * install script, which unpacks the engine and its language hosts. All that it writes comes under `staging`, so the bytes
 * there are its progress, and silence there is a host that does not answer.
 *
 * QUAYSIDE_ENGINE_DOWNLOAD_SECONDS: the silence that is waited out (20); 0 leaves the download out.
 *
 * @param {object} what
 * @param {string} what.root the repository
 * @param {string} what.version
 * @param {string} what.staging an empty folder on the file system of the engine's cache
 * @param {(pid: number) => void} what.onStart
 * @param {import("../progress.mjs").Step} what.step
 * @returns {Promise<{ folder: string } | { problem: string }>} the folder that holds `bin/pulumi`
 */
export async function downloadEngine({ root, version, staging, onStart, step }) {
  const limit = Number(process.env.QUAYSIDE_ENGINE_DOWNLOAD_SECONDS ?? SILENCE_SECONDS) * 1000;
  if (limit === 0) return { problem: "left out (QUAYSIDE_ENGINE_DOWNLOAD_SECONDS=0)" };
  const launcher = join(root, "node_modules", "pulumi", "run.js");
  if (!existsSync(launcher)) return { problem: "npm's pulumi package is not installed" };

  const temporary = join(staging, "tmp");
  mkdirSync(temporary);
  const stalled = new AbortController();
  let bytes = 0;
  let lastGrowth = Date.now();
  const look = setInterval(() => {
    const now = bytesIn(staging);
    if (now !== bytes) lastGrowth = Date.now();
    bytes = now;
    if (bytes > 0) step.update(`${Math.round(bytes / 1e6)} MB downloaded and unpacked`);
    if (Date.now() - lastGrowth > limit) stalled.abort();
  }, LOOK_MS);

  const result = await runChild(process.execPath, [launcher, "version"], {
    cwd: root,
    env: {
      ...process.env,
      PULUMI_HOME: staging,
      PULUMI_VERSION: version,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      TMPDIR: temporary,
      // Node heeds HTTPS_PROXY only when told to (24.0 and later, earlier ones ignore it).
      NODE_USE_ENV_PROXY: process.env.NODE_USE_ENV_PROXY ?? "1",
    },
    onStart,
    abort: stalled.signal,
  });
  clearInterval(look);

  if (stalled.signal.aborted) return { problem: `no byte within ${limit / 1000} s` };
  if (result.code !== 0)
    return { problem: lastLine(result.output) || `ended with ${result.signal ?? result.code}` };
  return { folder: join(staging, "versions", version) };
}

/** @param {string} folder */
function bytesIn(folder) {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    try {
      sum += entry.isDirectory() ? bytesIn(path) : statSync(path).size;
    } catch {
      // Moved or removed between the listing and the look.
    }
  }
  return sum;
}

/** @param {string} output */
function lastLine(output) {
  return output.trimEnd().split("\n").pop() ?? "";
}
