/**
 * A process that keeps wrangler loaded and runs one wrangler command after the other in it.
 *
 * A wrangler process spends most of its two seconds on loading its own 15 MB of code. This host loads the very same file
 * once, unmodified but for one line that hands out its entry function (which wrangler's own tests call the same way), and
 * can do so while the infrastructure is still being applied. Jobs come as JSON lines on descriptor 3, results leave as
 * JSON lines on descriptor 4; what wrangler prints goes to stdout and stderr as always.
 */
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Job, JobResult } from "./wrangler.ts";

type WranglerMain = (argv: string[]) => Promise<void>;

function loadWrangler(): WranglerMain {
  const require = createRequire(import.meta.url);
  const path = join(dirname(require.resolve("wrangler/package.json")), "wrangler-dist", "cli.js");
  const loaded = new Module(path);
  loaded.filename = path;
  // Both are how Node's own loader runs a CommonJS file; its declarations leave them out.
  const internals = loaded as unknown as {
    paths: string[];
    _compile(source: string, filename: string): void;
    exports: { main?: WranglerMain };
  };
  internals.paths = (Module as unknown as { _nodeModulePaths(from: string): string[] })._nodeModulePaths(
    dirname(path),
  );
  internals._compile(`${readFileSync(path, "utf8")}\nexports.main = main;`, path);
  const { main } = internals.exports;
  if (typeof main !== "function") throw new Error(`${path} has no function main`);
  return main;
}

function readEntries(file: string | undefined): unknown[] {
  if (!file) return [];
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  } catch {
    return [];
  }
}

// Ctrl-C reaches every process of the terminal; the pipeline decides what of it ends the hosts.
process.on("SIGINT", () => undefined);

const results = createWriteStream("", { fd: 4 });
const outputFile = process.env.WRANGLER_OUTPUT_FILE_PATH;
const main = loadWrangler();
let seen = readEntries(outputFile).length;

for await (const line of createInterface({ input: createReadStream("", { fd: 3 }) })) {
  const job = JSON.parse(line) as Job;
  let error: string | undefined;
  // Parts of wrangler look at the process's own arguments.
  process.argv = [process.execPath, "wrangler", ...job.argv];
  process.exitCode = undefined;
  process.env.CLOUDFLARE_ACCOUNT_ID = job.accountId;
  try {
    await main(job.argv);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const entries = readEntries(outputFile);
  const failed = error !== undefined || Number(process.exitCode ?? 0) !== 0;
  const result: JobResult = { ok: !failed, entries: entries.slice(seen), error };
  seen = entries.length;
  results.write(`${JSON.stringify(result)}\n`);
}
process.exit(0);
