import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

test("as a process of their own they say where they are in one line of JSON, and end on SIGTERM", async () => {
  const home = mkdtempSync(join(tmpdir(), "stand-ins-home-"));
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--pulumi-home", home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const port = expect.any(Number);
  expect(JSON.parse(String(line))).toEqual({
    providers: { hcloud: port, cloudflare: port, tls: port },
    debugProviders: expect.stringMatching(/^hcloud:\d+,cloudflare:\d+,tls:\d+$/),
    pulumiHome: home,
  });
  expect(existsSync(join(home, "plugins/resource-hcloud-v1.41.0/pulumi-resource-hcloud"))).toBe(true);
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  rmSync(home, { recursive: true, force: true });
});
