import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { inherited } from "../secrets/inherited.ts";
import { redact } from "../secrets/redaction.ts";

/** Real wrangler, kept warm in a few processes. */
export interface Wrangler {
  /**
   * Runs one command (`["deploy", "--config", …]`) for an account and gives the entries of its machine-readable output
   * (https://developers.cloudflare.com/workers/wrangler/system-environment-variables/, WRANGLER_OUTPUT_FILE_PATH).
   *
   * @throws UserError `wrangler-failed` with the end of what wrangler printed
   */
  run(argv: string[], accountId: string): Promise<unknown[]>;
  /** Ends the processes, whatever they do. */
  close(): Promise<void>;
}

/** What a host is asked, one JSON line each; it does one job after the other. */
export interface Job {
  argv: string[];
  accountId: string;
}
const JobResult = z.object({
  ok: z.boolean(),
  /** The lines that wrangler wrote to its machine-readable output file during this job. */
  entries: z.array(z.unknown()),
  error: z.string().optional(),
});
export type JobResult = z.infer<typeof JobResult>;

interface Host {
  child: ChildProcess;
  jobs: Writable;
  output: string;
  settle?: (result: JobResult) => void;
}

/**
 * Starts wrangler hosts at once, so that they load while other work goes on. `env` is all that they get besides PATH,
 * HOME and proxies: the token and the API's address.
 *
 * A host that dies takes its job with it and nothing else; a new one is started when there is a job for it.
 */
export function startWrangler(
  env: Record<string, string>,
  limit = Math.min(4, availableParallelism() + 1),
): Wrangler {
  const folder = mkdtempSync(join(tmpdir(), "wrangler-"));
  const alive = new Set<Host>();
  const idle: Host[] = [];
  const waiting: ((host: Host) => void)[] = [];
  let launched = 0;

  const launch = (): Host => {
    const child = spawn(
      process.execPath,
      ["--no-warnings", fileURLToPath(new URL("wrangler-host.ts", import.meta.url))],
      {
        cwd: folder,
        env: {
          ...inherited(),
          ...env,
          CI: "1",
          NO_COLOR: "1",
          WRANGLER_SEND_METRICS: "false",
          WRANGLER_SEND_ERROR_REPORTS: "false",
          WRANGLER_HIDE_BANNER: "true",
          WRANGLER_LOG_PATH: join(folder, "logs"),
          WRANGLER_OUTPUT_FILE_PATH: join(folder, `output-${launched++}.ndjson`),
        },
        stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      },
    );
    const [, , , jobs, results] = child.stdio;
    if (!(jobs instanceof Writable && results instanceof Readable)) throw new Error("no pipes to the host");
    const host: Host = { child, jobs, output: "" };
    alive.add(host);
    const keep = (chunk: Buffer) => {
      host.output = (host.output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("error", (error) => lose(host, `its process did not start: ${error.message}`));
    child.on("exit", (code, signal) => lose(host, `its process ended with ${signal ?? `code ${code}`}`));
    // What can't be written any more is told by the exit.
    jobs.on("error", () => undefined);
    createInterface({ input: results }).on("line", (line) =>
      host.settle?.(JobResult.parse(JSON.parse(line))),
    );
    return host;
  };
  const lose = (host: Host, error: string) => {
    if (!alive.delete(host)) return;
    if (idle.includes(host)) idle.splice(idle.indexOf(host), 1);
    host.settle?.({ ok: false, entries: [], error });
    waiting.shift()?.(launch());
  };
  const release = (host: Host) => {
    if (!alive.has(host)) return;
    const next = waiting.shift();
    if (next) next(host);
    else idle.push(host);
  };
  const acquire = async (): Promise<Host> =>
    idle.shift() ?? (alive.size < limit ? launch() : new Promise((resolve) => waiting.push(resolve)));
  for (let count = 0; count < limit; count++) release(launch());

  return {
    async run(argv, accountId) {
      const host = await acquire();
      host.output = "";
      const job: Job = { argv, accountId };
      const result = await new Promise<JobResult>((resolve) => {
        host.settle = resolve;
        host.jobs.write(`${JSON.stringify(job)}\n`);
      });
      host.settle = undefined;
      const output = stripVTControlCharacters(host.output).trim().split("\n").slice(-15).join("\n");
      release(host);
      if (result.ok) return result.entries;
      throw new UserError(
        "wrangler-failed",
        redact(`wrangler ${argv.slice(0, 2).join(" ")} failed: ${result.error ?? ""}\n${output}`),
        "Mend what wrangler names above and run the same command again; what is live has not changed for this part.",
      );
    },
    async close() {
      waiting.length = 0;
      await Promise.all(
        [...alive].map(
          ({ child }) =>
            new Promise<void>((resolve) => {
              child.once("exit", () => resolve());
              child.once("error", () => resolve());
              child.kill("SIGTERM");
            }),
        ),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
