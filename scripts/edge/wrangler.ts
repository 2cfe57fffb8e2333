import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import pLimit from "p-limit";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { inherited } from "../secrets/inherited.ts";
import { redact } from "../secrets/redaction.ts";

/** Real wrangler, kept warm in a process or two. */
export interface Wrangler {
  /**
   * Runs one command (`["deploy", "--config", …]`) for an account and gives the entries of the machine-readable output
   * (https://developers.cloudflare.com/workers/wrangler/system-environment-variables/, WRANGLER_OUTPUT_FILE_PATH).
   * Entries of commands that ran at the same time may be among them: look for the name of your own Worker or project.
   *
   * @throws UserError `wrangler-failed` with the end of what wrangler printed
   */
  run(argv: string[], accountId: string): Promise<unknown[]>;
  /** Ends the processes, whatever they do. */
  close(): Promise<void>;
}

/** What a host is asked, one JSON line each; it does all of them at once. */
export interface Job {
  id: number;
  argv: string[];
  accountId: string;
}
const JobResult = z.object({
  id: z.number(),
  ok: z.boolean(),
  /** The lines that wrangler wrote to its machine-readable output file during this job. */
  entries: z.array(z.unknown()),
  /** The end of what wrangler printed during this job. */
  output: z.string(),
  error: z.string().optional(),
});
export type JobResult = z.infer<typeof JobResult>;

interface Host {
  child: ChildProcess;
  orders: Writable;
  /** The end of what it printed, for the case that it dies. */
  output: string;
  jobs: Map<number, (result: JobResult) => void>;
}

/** How many commands a host does at once. */
const JOBS_AT_ONCE = 8;

/**
 * Starts wrangler hosts at once, so that they load while other work goes on. `env` is all that they get besides PATH,
 * HOME and proxies: the token and the API's address.
 *
 * A host that dies takes its jobs with it and nothing else; a new one is started when there is a job for it.
 *
 * @param hosts more than one only pays where many commands keep more than one core busy: each is a quarter of a gigabyte
 */
export function startWrangler(env: Record<string, string>, hosts = 1): Wrangler {
  const folder = mkdtempSync(join(tmpdir(), "wrangler-"));
  const alive = new Set<Host>();
  const places = pLimit(hosts * JOBS_AT_ONCE);
  let launched = 0;
  let lastId = 0;

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
    const [, , , orders, results] = child.stdio;
    if (!(orders instanceof Writable && results instanceof Readable)) throw new Error("no pipes to the host");
    const host: Host = { child, orders, output: "", jobs: new Map() };
    alive.add(host);
    const keep = (chunk: Buffer) => {
      host.output = (host.output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("error", (error) => lose(host, `its process did not start: ${error.message}`));
    child.on("exit", (code, signal) => lose(host, `its process ended with ${signal ?? `code ${code}`}`));
    // What can't be written any more is told by the exit.
    orders.on("error", () => undefined);
    createInterface({ input: results }).on("line", (line) => {
      const result = JobResult.parse(JSON.parse(line));
      host.jobs.get(result.id)?.(result);
    });
    return host;
  };
  const lose = (host: Host, error: string) => {
    if (!alive.delete(host)) return;
    for (const [id, settle] of host.jobs) settle({ id, ok: false, entries: [], output: host.output, error });
  };
  const leastBusy = (): Host =>
    alive.size < hosts
      ? launch()
      : [...alive].reduce((least, host) => (host.jobs.size < least.jobs.size ? host : least));
  while (alive.size < hosts) launch();

  const order = async (argv: string[], accountId: string): Promise<JobResult> => {
    const host = leastBusy();
    const job: Job = { id: ++lastId, argv, accountId };
    const result = await new Promise<JobResult>((resolve) => {
      host.jobs.set(job.id, resolve);
      host.orders.write(`${JSON.stringify(job)}\n`);
    });
    host.jobs.delete(job.id);
    return result;
  };

  return {
    async run(argv, accountId) {
      const { ok, entries, error, output } = await places(() => order(argv, accountId));
      if (ok) return entries;
      const said = stripVTControlCharacters(output).trim().split("\n").slice(-15).join("\n");
      throw new UserError(
        "wrangler-failed",
        redact(`wrangler ${argv.slice(0, 2).join(" ")} failed: ${error ?? ""}\n${said}`),
        "Mend what wrangler names above and run the same command again; what is live has not changed for this part.",
      );
    },
    async close() {
      places.clearQueue();
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
