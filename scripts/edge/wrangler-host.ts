/**
 * A process that keeps wrangler loaded and runs wrangler commands in it, several at once.
 *
 * A wrangler process spends most of its two seconds on loading its own 15 MB of code. This host loads the very same file
 * once, unmodified but for one line that hands out its entry function (which wrangler's own tests call the same way), and
 * can do so while the infrastructure is still being previewed and applied. Jobs come as JSON lines on descriptor 3, results
 * leave as JSON lines on descriptor 4, each with what wrangler printed while it did that job.
 *
 * A command waits for Cloudflare most of its time, so that one process does eight of them in the time that three processes
 * need, for a third of their memory and start-up. What wrangler keeps for the whole process is the same for all jobs that
 * run at once: token and account (a job for another account waits), CI mode, no telemetry. What differs from command to
 * command comes from its own arguments.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
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

/** What the commands that run now have printed; each writes to its own. */
const printing = new AsyncLocalStorage<{ text: string }>();
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: never[]) => {
    const job = printing.getStore();
    if (job) job.text = (job.text + Buffer.from(chunk as string).toString()).slice(-20_000);
    return write(chunk, ...rest);
  };
}

/** What wrangler says when it has made a site's deployment and begins to wait for it. */
const DEPLOYMENT_MADE = "Deploying...";
/**
 * It looks five times, 1, 3, 7, 15 and 31 seconds later. As a rule the site is there at once: so the first look is after a
 * quarter of a second, and there is none after half a minute. Milliseconds between one look and the next, wrangler's and these.
 */
const WAITS = new Map<unknown, number>([
  [1000, 250],
  [2000, 750],
  [4000, 2000],
  [8000, 4000],
  [16_000, 8000],
]);
globalThis.setTimeout = new Proxy(setTimeout, {
  apply(target, self, [callback, ms, ...rest]: Parameters<typeof setTimeout>) {
    const isForSite = printing.getStore()?.text.includes(DEPLOYMENT_MADE) ?? false;
    return Reflect.apply(target, self, [callback, isForSite ? (WAITS.get(ms) ?? ms) : ms, ...rest]);
  },
});

const results = createWriteStream("", { fd: 4 });
const outputFile = process.env.WRANGLER_OUTPUT_FILE_PATH;
const main = loadWrangler();

async function run(job: Job): Promise<JobResult> {
  const seen = readEntries(outputFile).length;
  const printed = { text: "" };
  let error: string | undefined;
  // Only wrangler's words about itself look at the process's own arguments.
  process.argv = [process.execPath, "wrangler", ...job.argv];
  try {
    await printing.run(printed, () => main(job.argv));
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  // wrangler sets it where it gives up without an error. Whose it is can't be told: all that run are taken for failed.
  const gaveUp = Number(process.exitCode ?? 0) !== 0;
  return {
    id: job.id,
    ok: error === undefined && !gaveUp,
    entries: readEntries(outputFile).slice(seen),
    output: printed.text,
    error,
  };
}

// The pipeline is gone, and perhaps killed: who goes on in its place must not find its commands still at work.
const orders = createInterface({ input: createReadStream("", { fd: 3 }) });
orders.once("close", () => process.exit(0));
const said: Writable[] = [process.stdout, process.stderr, results];
for (const stream of said) stream.on("error", () => process.exit(1));

const running = new Set<Promise<void>>();
for await (const line of orders) {
  const job = JSON.parse(line) as Job;
  if (job.accountId !== process.env.CLOUDFLARE_ACCOUNT_ID) await Promise.all(running);
  process.env.CLOUDFLARE_ACCOUNT_ID = job.accountId;
  if (running.size === 0) process.exitCode = undefined;
  const done = run(job).then((result) => {
    running.delete(done);
    results.write(`${JSON.stringify(result)}\n`);
  });
  running.add(done);
}
