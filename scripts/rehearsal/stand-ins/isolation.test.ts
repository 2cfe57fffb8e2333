import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as hcloud from "@pulumi/hcloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PluginHost, startPluginHost } from "./host.ts";
import { writePluginLaunchers } from "./launchers.ts";
import { startStandIns } from "./start.ts";
import type { StackOptions } from "./testing/stack.ts";
import { watchSteps } from "./testing/steps.ts";
import { makeWorld, type World } from "./testing/world.ts";

let world: World;
let host: PluginHost;

beforeAll(async () => {
  world = await makeWorld();
  host = await startPluginHost();
});
afterAll(async () => {
  await host.close();
  await world.close();
});

const program = (name: string) => async () => {
  new hcloud.Network("net", { name, ipRange: "10.0.0.0/16" });
};

/** Runs both at once; the first may write, the second only read. */
async function bothAtOnce(name: string, settings: (token: string) => StackOptions): Promise<string> {
  const { write, read } = world.hetzner.tokens;
  const [mayWrite, mayRead] = await Promise.all(
    [write, read].map((token, index) => {
      const own = `${name}-${index}`;
      return world.stack(own, program(own), settings(token));
    }),
  );
  const steps = watchSteps();
  const outcomes = await Promise.allSettled([mayWrite?.up(), mayRead?.up({ onEvent: steps.onEvent })]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected"]);
  const { networks } = await world.hetzner.call<{ networks: { name: string }[] }>("GET", "/networks");
  expect(networks.map((network) => network.name)).toContain(`${name}-0`);
  expect(networks.map((network) => network.name)).not.toContain(`${name}-1`);
  return steps.errors.join("\n");
}

test("two stacks that attach to the same stand-ins at once each use the token of their own configuration", async () => {
  const standIns = await startStandIns();
  const said = await bothAtOnce("attached", (token) => ({
    env: { PULUMI_DEBUG_PROVIDERS: standIns.debugProviders },
    config: { "hcloud:token": { value: token }, "hcloud:endpoint": { value: world.hetzner.url } },
  }));
  expect(said).toContain('creating Network "net" failed: POST /networks answered 401 token_readonly');
  await standIns.close();
});

test("as installed plugins they take each stack's token from its environment, and end with the engine", async () => {
  const home = join(world.dir, "hosted");
  writePluginLaunchers(home, { host: host.port });
  const said = await bothAtOnce("hosted", (token) => ({
    env: { PULUMI_HOME: home, HCLOUD_TOKEN: token, HCLOUD_ENDPOINT: world.hetzner.url },
  }));
  expect(said).toContain("token_readonly");
  await expect.poll(() => host.plugins).toBe(0);
});

test("installed plugins end with an engine that was killed, too", async () => {
  const home = join(world.dir, "killed");
  const [launcher] = writePluginLaunchers(home, { host: host.port });
  // Stands for the engine: it starts the plugin, says where that is, and then only lives.
  const engine = spawn("sh", ["-c", `"${launcher?.path}" & wait`], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface({ input: engine.stdout }), "line");
  expect(Number(port)).toBeGreaterThan(0);
  expect(host.plugins).toBe(1);
  engine.kill("SIGKILL");
  await expect.poll(() => host.plugins, { timeout: 5000 }).toBe(0);
});

test("an installed plugin works without a host, as a process of its own", async () => {
  const home = join(world.dir, "alone");
  // Nobody listens on the port of a host that is gone.
  const gone = await startPluginHost();
  await gone.close();
  writePluginLaunchers(home, { host: gone.port });
  const stack = await world.stack("alone", program("alone"), {
    env: {
      PULUMI_HOME: home,
      HCLOUD_TOKEN: world.hetzner.tokens.write,
      HCLOUD_ENDPOINT: world.hetzner.url,
    },
  });
  const { changeSummary } = await stack.preview();
  expect(changeSummary).toEqual({ create: 2 });
});

test("a stack without a token is told which setting is missing", async () => {
  const standIns = await startStandIns();
  const stack = await world.stack("tokenless", program("tokenless"), {
    env: { PULUMI_DEBUG_PROVIDERS: standIns.debugProviders },
  });
  await expect(stack.preview()).rejects.toThrow(/hcloud has no API token: set hcloud:token/);
  await standIns.close();
});
