import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { V4WorkerOptions } from "miniflare";

const COMPATIBILITY_DATE = "2026-11-17";

export interface Runtime {
  /** Of the Worker, `http://127.0.0.1:…`. */
  url: string;
  close(): Promise<void>;
}

/** Made once a process: wrangler takes its time. */
let bundled: Promise<string> | undefined;

/**
 * The intake Worker in a workerd of its own, bundled by wrangler as a deployment bundles it, with its data on disk in a
 * temporary folder, and on a clock that runs `speed` times as fast as the real one.
 */
export async function startRuntime(
  root: string,
  {
    backendUrl,
    signingKey,
    speed,
    operatorKey,
  }: { backendUrl: string; signingKey: string; speed: number; operatorKey?: string },
): Promise<Runtime> {
  const folder = mkdtempSync(join(tmpdir(), "load-intake-"));
  const discard = () => rmSync(folder, { recursive: true, force: true });
  try {
    bundled ??= bundle(root, join(folder, "bundle"));
    const script = await bundled;
    const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import("miniflare");
    const worker = {
      name: "intake",
      modules: [{ type: "ESModule", path: "/worker.js", contents: script }],
      modulesRoot: "/",
      compatibilityDate: COMPATIBILITY_DATE,
      bindings: {
        BACKEND_URL: backendUrl,
        STACK: "load",
        VERSION: { id: "load", tag: "", timestamp: "" },
        INTAKE_SIGNING_KEY: signingKey,
        ...(operatorKey === undefined ? {} : { INTAKE_OPERATOR_KEY: operatorKey }),
        CLOCK_START: Date.now(),
        CLOCK_SPEED: speed,
      },
      kvNamespaces: { INTAKE_SETTINGS: "settings" },
      d1Databases: { INTAKE_ARCHIVE: "archive" },
      analyticsEngineDatasets: { INTAKE_METRICS: { dataset: "intake_metrics_load" } },
      durableObjects: { OUTBOX: { className: "Outbox", useSQLite: true } },
    } as unknown as V4WorkerOptions;
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        workers: [worker],
        host: "127.0.0.1",
        cf: false,
        log: new Log(LogLevel.NONE),
        resourcePersistencePath: join(folder, "data"),
        handleStructuredLogs: () => {},
      }),
    );
    const url = await miniflare.ready;
    return {
      url: url.origin,
      async close() {
        await miniflare.dispose();
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

async function bundle(root: string, outdir: string): Promise<string> {
  const wrangler = dirname(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const entry = join(root, "workers", "intake", "load", "fast-clock.ts");
  const config = join(root, "workers", "intake", "wrangler.jsonc");
  await execa(
    process.execPath,
    [
      join(wrangler, "bin", "wrangler.js"),
      "deploy",
      entry,
      "--config",
      config,
      "--dry-run",
      "--outdir",
      outdir,
    ],
    { cwd: root, env: { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" } },
  );
  return readFileSync(join(outdir, "fast-clock.js"), "utf8");
}
