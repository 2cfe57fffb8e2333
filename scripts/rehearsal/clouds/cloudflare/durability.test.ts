import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { openVisitor } from "./visitor.ts";

const folder = mkdtempSync(join(tmpdir(), "durability-"));
const world = join(folder, "world");
const program = join(folder, "start.mjs");
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const PROGRAM = `
  import { startCloudflare } from ${JSON.stringify(join(import.meta.dirname, "start.ts"))};
  const cloud = await startCloudflare({
    world: ${JSON.stringify(world)},
    tokens: { write: "write", read: "read" },
    resolveOrigin: async () => undefined,
  });
  const { url, accountId, zoneId, edge } = cloud;
  console.log(JSON.stringify({ url, accountId, zoneId, edge }));
`;
const Started = z.object({
  url: z.string(),
  accountId: z.string(),
  zoneId: z.string(),
  edge: z.object({ url: z.string(), ca: z.string() }),
});

async function start() {
  writeFileSync(program, PROGRAM);
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { child, cloud: Started.parse(JSON.parse(String(line))) };
}

/** The processes that a process has started, where the system tells (Linux). */
function childrenOf(pid: number | undefined): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => statusOf(name)?.includes(`PPid:\t${pid}\n`))
    .map(Number);
}

function statusOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  const status = statusOf(String(pid));
  return status !== undefined && !status.includes("State:\tZ");
}

const SCRIPT = `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async add() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
}
export default {
  async fetch(request, env) {
    const n = await env.COUNTER.get(env.COUNTER.idFromName("one")).add();
    return Response.json({ n, queued: await env.KV.get("queued") });
  },
};`;

test("everything is still there after a kill -9, and no workerd is left behind", async () => {
  const first = await start();
  const headers = { authorization: "Bearer write" };
  const call = (path: string, init: RequestInit) =>
    fetch(`${first.cloud.url}/client/v4/accounts/${first.cloud.accountId}${path}`, { headers, ...init });
  const namespace = z
    .object({ result: z.object({ id: z.string() }) })
    .parse(
      await (
        await call("/storage/kv/namespaces", { method: "POST", body: JSON.stringify({ title: "kv" }) })
      ).json(),
    ).result.id;
  const form = new FormData();
  const metadata = {
    main_module: "index.js",
    compatibility_date: "2026-01-01",
    bindings: [
      { type: "durable_object_namespace", name: "COUNTER", class_name: "Counter" },
      { type: "kv_namespace", name: "KV", namespace_id: namespace },
    ],
    migrations: { new_tag: "v1", steps: [{ new_sqlite_classes: ["Counter"] }] },
  };
  form.set("metadata", JSON.stringify(metadata));
  form.set("index.js", new File([SCRIPT], "index.js", { type: "application/javascript+module" }));
  expect((await call("/workers/scripts/counter", { method: "PUT", body: form })).status).toBe(200);
  expect(
    (
      await call("/workers/scripts/counter/subdomain", {
        method: "POST",
        body: JSON.stringify({ enabled: true }),
      })
    ).status,
  ).toBe(200);
  await call(`/storage/kv/namespaces/${namespace}/values/queued`, { method: "PUT", body: "yes" });
  const before = openVisitor(first.cloud.edge);
  expect(JSON.parse((await before("https://counter.quayside.workers.dev/")).text)).toEqual({
    n: 1,
    queued: "yes",
  });

  const workerds = childrenOf(first.child.pid);
  expect(workerds.length > 0 || process.platform !== "linux").toBe(true);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  await expect.poll(() => workerds.filter(isAlive), { timeout: 5000 }).toEqual([]);
  const second = await start();
  expect(second.cloud).toMatchObject({ accountId: first.cloud.accountId, zoneId: first.cloud.zoneId });
  expect(second.cloud.edge.ca).toBe(first.cloud.edge.ca);
  const after = openVisitor(second.cloud.edge);
  expect(JSON.parse((await after("https://counter.quayside.workers.dev/")).text)).toEqual({
    n: 2,
    queued: "yes",
  });
});
