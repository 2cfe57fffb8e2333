import { generateKeyPairSync } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { command as deploy } from "../commands/deploy.ts";
import { runTrial } from "../rehearsal/torture/trial.ts";
import { trialWorldOf } from "./testing/trial-world.ts";
import { makeWorld, SECRETS, type World } from "./testing/world.ts";

// A server gets another type, the stack moves from Hillsboro to Ashburn, which lies in another network zone, and two servers
// are replaced. By the real engine, against the emulators; the tests tell one story, in their order.

const LIMIT = { "verify-limit": "20" };
let world: World;

beforeAll(async () => {
  world = await makeWorld(dirname(dirname(import.meta.dirname)));
}, 120_000);
afterAll(() => world?.close());

const Inventory = z.object({
  servers: z
    .array(
      z.object({
        id: z.number(),
        status: z.string(),
        server_type: z.object({ name: z.string() }),
        location: z.object({ name: z.string() }),
      }),
    )
    .default([]),
  volumes: z
    .array(
      z.object({ name: z.string(), server: z.number().nullable(), location: z.object({ name: z.string() }) }),
    )
    .default([]),
  networks: z.array(z.object({ subnets: z.array(z.object({ network_zone: z.string() })) })).default([]),
  placement_groups: z.array(z.object({ name: z.string(), servers: z.array(z.number()) })).default([]),
  primary_ips: z.array(z.object({ assignee_id: z.number().nullable() })).default([]),
});
async function list(kind: keyof z.infer<typeof Inventory>) {
  const { url, token } = world.clouds.hetzner;
  const answer = await fetch(`${url}/${kind}`, { headers: { authorization: `Bearer ${token}` } });
  return Inventory.parse(await answer.json());
}

async function push(message: string, from: string, to: string): Promise<string> {
  const { checkout } = world;
  checkout.edit(STACK, from, to);
  const sha = await checkout.commit(message);
  await checkout.git("push", "--quiet", "origin", "HEAD:main");
  return sha;
}

test("A server whose new type Hetzner refuses is switched on again, with the type that it had", async () => {
  const first = await world.checkout.git("rev-parse", "HEAD");
  await world.run(deploy, world.pushed(first), ["dev"], LIMIT);
  const larger = await push("A larger server", "serverType: cpx21", "serverType: cpx31");
  await world.fault("hetzner", {
    path: "/actions/change_type$",
    fault: { kind: "status", status: 412 },
  });
  await expect(
    world.run(deploy, world.pushed(larger), ["dev"], { ...LIMIT, unreviewed: true }),
  ).rejects.toMatchObject({ code: "apply-failed" });
  expect((await list("servers")).servers).toMatchObject([
    { status: expect.stringMatching(/^(starting|running)$/), server_type: { name: "cpx21" } },
  ]);
}, 120_000);

test("A machine that dies while a server is resized leaves it switched off; the next deployment switches it on", async () => {
  const larger = await world.checkout.git("rev-parse", "HEAD");
  // The writes of a resize: the server's name and labels, off, the new type, on.
  const at = { cloud: "hetzner", index: 2, call: "POST /servers/…/actions/change_type" } as const;
  const result = await runTrial(trialWorldOf(world, larger, ["--unreviewed"]), { at, kill: "machine" });
  expect(result).toMatchObject({ outcomes: ["killed", "succeeded"], orphans: [], unequal: [] });
  expect((await list("servers")).servers).toMatchObject([
    { status: "running", server_type: { name: "cpx31" } },
  ]);
}, 120_000);

test("Another location: all that is bound to one comes up there, and nothing is left behind", async () => {
  const before = (await list("servers")).servers[0]?.id;
  const moved = await push("Move dev to Ashburn", "location: hil", "location: ash");
  await expect(world.run(deploy, world.pushed(moved), ["dev"], LIMIT)).rejects.toMatchObject({
    code: "plan-changed",
    message: expect.stringMatching(/replace-volume[\s\S]*Hetzner keeps no copy/),
  });
  await world.run(deploy, world.pushed(moved), ["dev"], { ...LIMIT, unreviewed: true });

  const { servers } = await list("servers");
  expect(servers).toMatchObject([{ location: { name: "ash" } }]);
  expect(servers[0]?.id).not.toBe(before);
  expect((await list("volumes")).volumes).toEqual([
    {
      name: "quayside-dev-volume-ash",
      server: servers[0]?.id,
      location: expect.objectContaining({ name: "ash" }),
    },
  ]);
  expect((await list("networks")).networks).toEqual([{ subnets: [{ network_zone: "us-east" }] }]);
  expect((await list("placement_groups")).placement_groups).toEqual([
    { name: "quayside-dev-placement-ash", servers: [servers[0]?.id] },
  ]);
  const { primary_ips } = await list("primary_ips");
  expect(primary_ips.map(({ assignee_id }) => assignee_id)).toEqual([servers[0]?.id, servers[0]?.id]);

  await world.forgetCalls();
  await world.run(deploy, world.pushed(moved), ["dev"], { ...LIMIT, unreviewed: true });
  expect(await world.writes()).toEqual([]);
}, 90_000);

const STACK = "infra/Pulumi.dev.yaml";
/** Changes what servers are born with, and deploys that in a process of its own, which has not loaded the program before. */
async function deployOtherServers(file: string, from: string, to: string, ...options: string[]) {
  world.checkout.edit(file, from, to);
  const sha = await world.checkout.commit("Other servers");
  await world.checkout.git("push", "--quiet", "origin", "HEAD:main");
  return trialWorldOf(world, sha, ["--unreviewed", ...options]).deploy();
}
const ids = async () => (await list("servers")).servers.map(({ id }) => id);
const visit = async () => (await fetch("https://app-dev.example.com/")).status;

test("A new release key replaces two servers one after the other, each out of the app's name meanwhile, and visitors see none of it", async () => {
  await push("A second server", 'secondServer: "false"', 'secondServer: "true"');
  const joined = await push("A region of admins", "198.51.100.0/24", "203.0.113.0/24");
  await world.run(deploy, world.pushed(joined), ["dev"], { ...LIMIT, unreviewed: true });
  const before = await ids();
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const newest = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await world.keep("dev", { RELEASE_SIGNING_KEY: newest + SECRETS.RELEASE_SIGNING_KEY });
  const trusted = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const [old = ""] = /(?<=releaseKey: ).*/.exec(world.checkout.read(STACK)) ?? [];
  await world.forgetCalls();
  const statuses: number[] = [];
  let isOver = false;
  const visitor = (async () => {
    while (!isOver) {
      statuses.push(await visit());
      // A crowd would take the core that the deployment needs.
      await delay(20);
    }
  })();
  const { log, exitCode } = await deployOtherServers(STACK, old, trusted);
  isOver = true;
  await visitor;
  expect([exitCode, log]).toEqual([0, expect.any(String)]);

  expect(new Set(statuses)).toEqual(new Set([200]));
  expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
  const made = (await world.writes()).flatMap((call) => {
    const [, method, kind] = /^(POST|DELETE) \S+\/(servers|dns_records)(?:\/\w+)?$/.exec(call) ?? [];
    return method ? [`${method} ${kind}`] : [];
  });
  const turn = (kind: string, records: number) =>
    ["DELETE", "POST"].flatMap((method) => Array<string>(records).fill(`${method} ${kind}`));
  expect(made.filter((call) => call.endsWith("servers"))).toEqual([
    ...turn("servers", 1),
    ...turn("servers", 1),
  ]);
  expect(made.filter((call) => call.endsWith("dns_records"))).toEqual([
    ...turn("dns_records", 2),
    ...turn("dns_records", 2),
  ]);
}, 120_000);

test("A server that can't be made, or does not run the app, keeps the other one from being touched, and nobody is sent to it", async () => {
  const [first, second] = await ids();
  await world.fault("hetzner", {
    method: "POST",
    path: "/servers$",
    fault: { kind: "status", status: 412 },
  });
  const refused = await deployOtherServers("infra/machine/etc/nginx/conf.d/app.conf", "size 20m", "size 30m");
  expect(refused.result).toMatchObject({ outcome: "apply-failed" });
  expect(await ids()).toEqual([second]);

  const allowed = 'images: [config.image.replace(/@.*/, "")]';
  const other = 'images: ["ghcr.io/quayside/other"]';
  const unhealthy = await deployOtherServers("infra/program.ts", allowed, other, "--verify-limit", "2");
  expect(unhealthy.result).toMatchObject({ outcome: "server-unhealthy" });
  const [old, third] = await ids();
  expect(old).toBe(second);
  expect([await visit(), await visit(), await visit()]).toEqual([200, 200, 200]);

  const { log, exitCode } = await deployOtherServers("infra/program.ts", other, allowed);
  expect([exitCode, log]).toEqual([0, expect.any(String)]);
  expect((await ids()).filter((id) => [first, second, third].includes(id))).toEqual([]);
  expect([await visit(), await visit(), await visit()]).toEqual([200, 200, 200]);
}, 90_000);
