import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let cloud: Server;
beforeEach(async () => {
  // Takes every request, and answers none.
  cloud = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(cloud, "listening");
});
afterEach(() => {
  cloud.closeAllConnections();
  cloud.close();
});

async function childrenOf(pid: number | undefined): Promise<number[]> {
  const { stdout } = await execa("ps", ["-A", "-o", "pid=,ppid="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("A host whose pipeline is killed ends at once, in the middle of its work", async () => {
  const url = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
  const owner = spawn(
    process.execPath,
    ["--no-warnings", join(import.meta.dirname, "testing", "wrangler-owner.ts"), url],
    { stdio: "ignore" },
  );
  await once(cloud, "request");
  const [host = 0] = await childrenOf(owner.pid);
  expect(host).toBeGreaterThan(0);
  owner.kill("SIGKILL");
  try {
    await vi.waitUntil(() => !isThere(host), { timeout: 15_000 });
  } finally {
    if (isThere(host)) process.kill(host, "SIGKILL");
  }
}, 60_000);
