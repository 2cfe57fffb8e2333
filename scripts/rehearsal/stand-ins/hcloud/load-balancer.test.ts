import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { hetznerClient } from "./client.ts";
import { loadBalancer } from "./load-balancer.ts";

interface Stored {
  id: number;
  name: string;
  load_balancer_type: { name: string };
  location: { name: string; network_zone: string };
  algorithm: { type: string };
  public_net: { ipv4: { ip: string }; ipv6: { ip: string } };
  private_net: never[];
  targets: { type: string; server: { id: number }; use_private_ip: boolean }[];
  labels: { [key: string]: string };
  protection: { delete: boolean };
}

/** As much of the documented API as a load balancer with servers for targets needs; the Hetzner cloud has none. */
async function startApi() {
  let stored: Stored | undefined;
  const api = new Hono();
  const done = { action: { id: 1, status: "success", command: "done", error: null } };
  api.post("/load_balancers", async (c) => {
    const asked: {
      name: string;
      load_balancer_type: string;
      location: string;
      labels: Stored["labels"];
      targets?: Stored["targets"];
    } = await c.req.json();
    stored = {
      id: 7,
      name: asked.name,
      load_balancer_type: { name: asked.load_balancer_type },
      location: { name: asked.location, network_zone: "us-west" },
      algorithm: { type: "round_robin" },
      public_net: { ipv4: { ip: "203.0.113.9" }, ipv6: { ip: "2001:db8::9" } },
      private_net: [],
      targets: asked.targets ?? [],
      labels: asked.labels,
      protection: { delete: false },
    };
    return c.json({ load_balancer: stored, ...done }, 201);
  });
  api.get("/load_balancers/:id", (c) =>
    stored
      ? c.json({ load_balancer: stored })
      : c.json({ error: { code: "not_found", message: "load balancer not found" } }, 404),
  );
  api.put("/load_balancers/:id", async (c) => {
    Object.assign(stored ?? {}, await c.req.json());
    return c.json({ load_balancer: stored });
  });
  api.post("/load_balancers/:id/actions/:action", async (c) => {
    const body = await c.req.json();
    if (!stored) return c.notFound();
    switch (c.req.param("action")) {
      case "change_type":
        stored.load_balancer_type = { name: body.load_balancer_type };
        break;
      case "add_target":
        stored.targets.push(body);
        break;
      case "remove_target":
        stored.targets = stored.targets.filter((target) => target.server.id !== body.server.id);
        break;
      case "change_protection":
        stored.protection = body;
    }
    return c.json(done, 201);
  });
  api.delete("/load_balancers/:id", (c) => {
    stored = undefined;
    return c.body(null, 204);
  });
  return new Promise<{ url: string; close(): void }>((resolve) => {
    const server = serve({ fetch: api.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.close() }),
    );
  });
}

test("a load balancer is made, changed to other targets and another type, and deleted", async () => {
  const api = await startApi();
  const hetzner = hetznerClient({
    endpoint: api.url,
    token: "a token",
    pollMs: 10,
    signal: new AbortController().signal,
  });
  const inputs = {
    name: "lb",
    loadBalancerType: "lb11",
    location: "hil",
    targets: [{ type: "server", serverId: 1 }],
  };
  const made = await loadBalancer.create(hetzner, { inputs, created: () => {} });
  expect(made).toMatchObject({
    id: "7",
    outputs: { ipv4: "203.0.113.9", networkZone: "us-west", targets: [{ type: "server", serverId: 1 }] },
  });

  const known = { id: made.id, inputs, outputs: made.outputs };
  const changed = await loadBalancer.update?.(hetzner, {
    id: made.id,
    known,
    inputs: {
      ...inputs,
      loadBalancerType: "lb21",
      deleteProtection: true,
      targets: [{ type: "server", serverId: 2, usePrivateIp: true }],
    },
  });
  expect(changed?.outputs).toMatchObject({
    loadBalancerType: "lb21",
    deleteProtection: true,
    targets: [{ type: "server", serverId: 2, usePrivateIp: true }],
  });

  await loadBalancer.delete(hetzner, known);
  expect(await loadBalancer.read(hetzner, known)).toBeUndefined();
  api.close();
});
