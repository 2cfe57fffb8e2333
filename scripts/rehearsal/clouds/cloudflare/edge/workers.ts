import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Miniflare, MiniflareOptions, V4WorkerOptions } from "miniflare";
import type { Deployment, Version } from "../model.ts";
import type { CloudState } from "../state.ts";
import { type BatchOutcome, type Delivered, openQueues, queuesWorker } from "./queues.ts";
import type { D1Statements, KvValues, Storage } from "./storage.ts";
import type { Visit } from "./visit.ts";
import { type Loaded, runtimeName, workerOptions } from "./worker-options.ts";

/** The Workers of the account, running in workerd; started when the first of them is needed. */
export interface Workers extends Storage {
  /** Lets one version answer. `undefined`: the version's code threw, or can't be started. */
  fetch(version: Version, visit: Visit): Promise<Response | undefined>;
  /** Runs a script's scheduled handler now. */
  scheduled(script: string, cron: string): Promise<void>;
  /** Where requests go that Workers make: the rehearsed internet. */
  setOutbound(handler: (visit: Visit) => Promise<Response>): void;
  close(): Promise<void>;
}

/** The handlers of a Worker besides `fetch`; their types in Miniflare need a package that is not installed. */
interface Handlers {
  queue(queue: string, messages: Delivered[]): Promise<BatchOutcome>;
  scheduled(event: { cron: string; scheduledTime: Date }): Promise<unknown>;
}

const ENTRY = "edge-entry";
const TARGET_HEADER = "x-rehearsal-worker";
const THREW_HEADER = "x-rehearsal-threw";
const ENTRY_SOURCE = `export default {
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    const target = headers.get("${TARGET_HEADER}");
    headers.delete("${TARGET_HEADER}");
    headers.delete("mf-original-url");
    try {
      return await env[target].fetch(new Request(request, { headers, redirect: "manual" }));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500, headers: { "${THREW_HEADER}": "1" } });
    }
  },
};`;
const COMPATIBILITY_DATE = "2026-01-01";
/** How long a reload waits for requests under way. */
const DRAIN_MS = 2000;
/** After this long without another change, the runtime is brought up to date without waiting for a visitor. */
const SETTLE_MS = 300;
/** Preview versions kept running beside the deployed ones. */
const MAX_PREVIEWS = 10;

/** The version that answers for a script as a whole: the one with most of the traffic. */
export function hostVersion(deployment: Deployment | undefined): string | undefined {
  return [...(deployment?.versions ?? [])].sort((a, b) => b.percentage - a.percentage)[0]?.version_id;
}

export function openWorkers(state: CloudState): Workers {
  let miniflare: Miniflare | undefined;
  let running = "";
  let loading: Promise<void> | undefined;
  let inFlight = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let outbound = async (_visit: Visit): Promise<Response> => new Response(null, { status: 502 });
  const previews: string[] = [];
  const broken = new Set<string>();

  /** Every version that has to run, and which one of a script is its host. */
  const wanted = (): { loaded: Loaded[]; hosts: Map<string, string> } => {
    const loaded: Loaded[] = [];
    const hosts = new Map<string, string>();
    for (const script of state.scripts.list()) {
      const active = state.deployments(script.name).list().at(-1);
      const host = hostVersion(active);
      const ids = new Set(active?.versions.map(({ version_id }) => version_id));
      for (const version of state.versions(script.name).list()) {
        if (!ids.has(version.id) && !previews.includes(version.id)) continue;
        if (broken.has(version.id)) continue;
        const name = runtimeName(version);
        loaded.push({ script, version, name });
        if (version.id === host) hosts.set(script.name, name);
      }
    }
    return { loaded, hosts };
  };

  const fingerprint = () => {
    const { loaded, hosts } = wanted();
    return JSON.stringify([
      loaded.map(({ name, script }) => [name, script.classes]),
      [...hosts],
      state.kv.list().map(({ id }) => id),
      state.d1.list().map(({ uuid }) => uuid),
    ]);
  };

  const answerOutbound = async (request: Request): Promise<Response> => {
    const body = new Uint8Array(await request.arrayBuffer());
    return outbound({
      url: new URL(request.url),
      method: request.method,
      headers: new Headers([...request.headers]),
      ...(body.length > 0 ? { body } : {}),
      // Requests of Workers come from Cloudflare's own network.
      ip: "2a06:98c0:3600::103",
      fromWorker: true,
    });
  };

  const configuration = (): { workers: V4WorkerOptions[] } => {
    const { loaded, hosts } = wanted();
    const entry = {
      name: ENTRY,
      modules: [{ type: "ESModule", path: "/entry.js", contents: ENTRY_SOURCE }],
      modulesRoot: "/",
      compatibilityDate: COMPATIBILITY_DATE,
      serviceBindings: Object.fromEntries(loaded.map(({ name }) => [name, name])),
      kvNamespaces: Object.fromEntries(state.kv.list().map(({ id }) => [id, id])),
      d1Databases: Object.fromEntries(state.d1.list().map(({ uuid }) => [uuid, uuid])),
      stripCfConnectingIp: false,
    };
    const neighbours = { hostOf: (script: string) => hosts.get(script), outbound: answerOutbound };
    return {
      workers: [
        entry as V4WorkerOptions,
        queuesWorker(queues),
        ...loaded.map((one) => workerOptions(state, one, neighbours)),
      ],
    };
  };

  const load = async () => {
    const { convertV4MiniflareOptions, Log, LogLevel, Miniflare: Runtime } = await import("miniflare");
    const options = (): MiniflareOptions =>
      convertV4MiniflareOptions({
        ...configuration(),
        host: "127.0.0.1",
        cf: false,
        log: new Log(LogLevel.NONE),
        resourcePersistencePath: join(state.world, "workers"),
        handleStructuredLogs: () => {},
      });
    const drained = Date.now() + DRAIN_MS;
    while (inFlight > 0 && Date.now() < drained) await delay(5);
    // A version that can't even start must not take the others with it.
    for (;;) {
      const next = fingerprint();
      try {
        if (miniflare) await miniflare.setOptions(options());
        else {
          useOwnWorkerd();
          miniflare = new Runtime(options());
          await miniflare.ready;
        }
        running = next;
        return;
      } catch (error) {
        const suspect = wanted()
          .loaded.map(({ version }) => version)
          .filter((version) => !running.includes(version.id))
          .sort((a, b) => b.created_on.localeCompare(a.created_on))[0];
        await miniflare?.dispose().catch(() => {});
        miniflare = undefined;
        if (!suspect) throw error;
        broken.add(suspect.id);
      }
    }
  };

  /** The runtime, with everything in it that is deployed. */
  const ready = async (): Promise<Miniflare> => {
    for (;;) {
      if (closed) throw new Error("the edge is closed");
      if (loading) await loading;
      else if (miniflare && running === fingerprint()) return miniflare;
      else {
        loading = load().finally(() => {
          loading = undefined;
        });
        await loading;
      }
    }
  };

  const busy = async <R>(work: (runtime: Miniflare) => Promise<R>): Promise<R> => {
    const runtime = await ready();
    inFlight += 1;
    try {
      return await work(runtime);
    } finally {
      inFlight -= 1;
    }
  };

  const hostName = (script: string) => wanted().hosts.get(script);

  const queues = openQueues(state, async (script, queue, messages) => {
    return busy(async (runtime) => {
      const name = hostName(script);
      if (!name) return undefined;
      const worker = (await runtime.getWorker(name)) as unknown as Handlers;
      return worker.queue(queue, messages);
    });
  });

  state.onWorkersChanged(() => {
    clearTimeout(timer);
    timer = setTimeout(() => void ready().catch(() => {}), SETTLE_MS);
    timer.unref();
  });

  return {
    async fetch(version, visit) {
      const name = runtimeName(version);
      if (!hostName(version.script)) return undefined;
      if (!running.includes(version.id) && !broken.has(version.id)) {
        previews.push(version.id);
        if (previews.length > MAX_PREVIEWS) previews.shift();
      }
      return busy(async (runtime) => {
        if (broken.has(version.id)) return undefined;
        const headers = new Headers(visit.headers);
        headers.set(TARGET_HEADER, name);
        headers.delete("content-length");
        headers.delete("transfer-encoding");
        headers.delete("connection");
        try {
          const response = await runtime.dispatchFetch(visit.url.href, {
            method: visit.method,
            headers: [...headers],
            redirect: "manual",
            cf: { colo: "PDX", country: "US", httpProtocol: "HTTP/2" },
            ...(visit.body ? { body: visit.body } : {}),
          });
          const body = await response.arrayBuffer();
          if (response.headers.has(THREW_HEADER)) {
            process.stderr.write(`worker ${version.script}: ${Buffer.from(body).toString()}\n`);
            return undefined;
          }
          const answer = new Headers([...response.headers]);
          answer.delete("content-length");
          answer.delete("transfer-encoding");
          const empty = [101, 204, 205, 304].includes(response.status);
          return new Response(empty ? null : body, { status: response.status, headers: answer });
        } catch (error) {
          process.stderr.write(`worker ${version.script}: ${(error as Error).stack}\n`);
          // workerd itself is gone: the next request starts another.
          if (miniflare === runtime) {
            miniflare = undefined;
            await runtime.dispose().catch(() => {});
          }
          return undefined;
        }
      });
    },
    async scheduled(script, cron) {
      await busy(async (runtime) => {
        const name = hostName(script);
        if (!name) return;
        const worker = (await runtime.getWorker(name)) as unknown as Handlers;
        await worker.scheduled({ cron, scheduledTime: state.now() });
      });
    },
    setOutbound(handler) {
      outbound = handler;
    },
    async kv(namespaceId) {
      const runtime = await ready();
      return (await runtime.getKVNamespace(namespaceId, ENTRY)) as unknown as KvValues;
    },
    async d1(databaseId) {
      const runtime = await ready();
      return (await runtime.getD1Database(databaseId, ENTRY)) as unknown as D1Statements;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      queues.close();
      await loading?.catch(() => {});
      await miniflare?.dispose();
    },
  };
}

/** Puts workerd.sh before the real workerd, which is found where Miniflare would find it. */
function useOwnWorkerd(): void {
  const wrapper = join(import.meta.dirname, "workerd.sh");
  if (process.env.MINIFLARE_WORKERD_PATH === wrapper) return;
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const { default: path } = fromMiniflare("workerd") as { default: string };
  process.env.REHEARSAL_WORKERD = process.env.MINIFLARE_WORKERD_PATH ?? path;
  process.env.MINIFLARE_WORKERD_PATH = wrapper;
}
