import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { redact } from "../secrets/redaction.ts";
import type { Job, JobResult } from "./wrangler-host.ts";

/** Real wrangler, kept warm in a few processes. */
export interface Wrangler {
  /**
   * Runs one command (`["deploy", "--config", …]`) and gives the entries of its machine-readable output
   * (https://developers.cloudflare.com/workers/wrangler/system-environment-variables/, WRANGLER_OUTPUT_FILE_PATH).
   *
   * @throws UserError `wrangler-failed` with the end of what wrangler printed
   */
  run(argv: string[]): Promise<unknown[]>;
  close(): Promise<void>;
}

interface Host {
  child: ChildProcess;
  jobs: Writable;
  output: string;
  settle?: (result: JobResult) => void;
}

/**
 * Starts wrangler hosts at once, so that they load while other work goes on. `env` is all that they get besides PATH,
 * HOME and proxies: the token, the account, the API's address.
 */
export function startWrangler(
  env: Record<string, string>,
  hosts = Math.min(4, availableParallelism() + 1),
): Wrangler {
  const folder = mkdtempSync(join(tmpdir(), "wrangler-"));
  const idle: Host[] = [];
  const waiting: ((host: Host) => void)[] = [];
  const all: Host[] = [];
  let nextId = 1;
  let closing = false;

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
          WRANGLER_OUTPUT_FILE_PATH: join(folder, `output-${all.length}.ndjson`),
        },
        stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      },
    );
    const host: Host = { child, jobs: child.stdio[3] as Writable, output: "" };
    const keep = (chunk: Buffer) => {
      host.output = (host.output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("exit", (code) => {
      host.settle?.({ id: 0, ok: false, entries: [], error: `the wrangler process ended with code ${code}` });
      const index = idle.indexOf(host);
      if (index >= 0) idle.splice(index, 1);
      if (!closing) release(launch());
    });
    host.jobs.on("error", () => undefined);
    createInterface({ input: child.stdio[4] as NodeJS.ReadableStream }).on("line", (line) =>
      host.settle?.(JSON.parse(line) as JobResult),
    );
    all.push(host);
    return host;
  };
  const release = (host: Host) => {
    const next = waiting.shift();
    if (next) next(host);
    else idle.push(host);
  };
  const acquire = (): Promise<Host> => {
    const host = idle.shift();
    return host ? Promise.resolve(host) : new Promise((resolve) => waiting.push(resolve));
  };
  for (let count = 0; count < hosts; count++) release(launch());

  return {
    async run(argv) {
      const host = await acquire();
      host.output = "";
      const job: Job = { id: nextId++, argv };
      const result = await new Promise<JobResult>((resolve) => {
        host.settle = resolve;
        host.jobs.write(`${JSON.stringify(job)}\n`);
      });
      host.settle = undefined;
      if (host.child.exitCode === null) release(host);
      if (result.ok) return result.entries;
      throw new UserError(
        "wrangler-failed",
        redact(
          `wrangler ${argv.slice(0, 2).join(" ")} failed: ${result.error ?? ""}\n${host.output.trim().split("\n").slice(-15).join("\n")}`,
        ),
        "Mend what wrangler names above and run the same command again; what is live has not changed for this part.",
      );
    },
    async close() {
      closing = true;
      await Promise.all(
        all.map(
          ({ child }) =>
            new Promise<void>((resolve) => {
              if (child.exitCode !== null || child.signalCode !== null) return resolve();
              child.once("exit", () => resolve());
              child.kill("SIGTERM");
            }),
        ),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "NODE_COMPILE_CACHE", "NODE_EXTRA_CA_CERTS", "SystemRoot"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
