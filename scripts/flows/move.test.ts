import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { command as deploy } from "../commands/deploy.ts";
import { makeWorld, type World } from "./testing/world.ts";

// A stack moves from Hillsboro to Ashburn, which lies in another network zone: by the real engine, against the emulators.

const LIMIT = { "verify-limit": "20" };
let world: World;

beforeAll(async () => {
  world = await makeWorld(dirname(dirname(import.meta.dirname)));
}, 120_000);
afterAll(() => world?.close());

const Inventory = z.object({
  servers: z.array(z.object({ id: z.number(), location: z.object({ name: z.string() }) })).default([]),
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

test("Another location: all that is bound to one comes up there, and nothing is left behind", async () => {
  const { checkout } = world;
  const first = await checkout.git("rev-parse", "HEAD");
  await world.run(deploy, world.pushed(first), ["dev"], LIMIT);
  const before = (await list("servers")).servers[0]?.id;

  checkout.edit("infra/Pulumi.dev.yaml", "location: hil", "location: ash");
  const moved = await checkout.commit("Move dev to Ashburn");
  await checkout.git("push", "--quiet", "origin", "HEAD:main");
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
}, 180_000);
