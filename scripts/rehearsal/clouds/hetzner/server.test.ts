import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestCloud, type TestCloud } from "./test-cloud.ts";

let hetzner: TestCloud;
beforeEach(async () => {
  hetzner = await startTestCloud();
});
afterEach(() => hetzner.stop());

const SERVER = { name: "app-1", server_type: "cpx21", image: "debian-12", location: "hil" };

async function create(more: object = {}) {
  const { body, status } = await hetzner.call("POST", "/servers", { ...SERVER, ...more });
  expect(status, JSON.stringify(body.error)).toBe(201);
  return body;
}
const server = async (id: number) => (await hetzner.call("GET", `/servers/${id}`)).body.server;
const failure = async (method: string, path: string, body?: unknown) => {
  const answer = await hetzner.call(method, path, body);
  return [answer.status, answer.body?.error?.code];
};

describe("the life of a server", () => {
  test("goes from initializing over starting to running by the clock, as its actions do", async () => {
    const created = await create();
    const { id } = created.server;
    expect(created.server.status).toBe("initializing");
    expect(created.action).toMatchObject({ command: "create_server", status: "running", finished: null });
    expect(created.next_actions).toMatchObject([{ command: "start_server", status: "running" }]);
    expect(created.root_password).toBeTypeOf("string");
    hetzner.pass(150);
    expect((await server(id)).status).toBe("starting");
    hetzner.pass(150);
    expect(await server(id)).toMatchObject({ status: "running", locked: false });
    const actions = await hetzner.call(
      "GET",
      `/actions?id=${created.action.id}&id=${created.next_actions[0].id}`,
    );
    expect(actions.body.actions).toMatchObject([
      { status: "success", progress: 100, resources: [{ id, type: "server" }] },
      { status: "success", progress: 100 },
    ]);
  });

  test("goes on while the cloud is stopped", async () => {
    const { server: created } = await create();
    hetzner.pass(200);
    await hetzner.restart();
    expect((await server(created.id)).status).toBe("starting");
    hetzner.pass(200);
    expect((await server(created.id)).status).toBe("running");
  });

  test("a running action locks it, and a slow one locks it longer", async () => {
    const slow = { "x-rehearsal-fault": JSON.stringify({ kind: "slow-action", ms: 1000 }) };
    const { body } = await hetzner.call("POST", "/servers", SERVER, slow);
    hetzner.pass(500);
    const path = `/servers/${body.server.id}/actions/poweroff`;
    expect(await failure("POST", path)).toEqual([423, "locked"]);
    hetzner.pass(2000);
    expect(await failure("POST", path)).toEqual([201, undefined]);
  });

  test("poweroff, change_type and poweron", async () => {
    const { id } = (await create()).server;
    hetzner.pass(300);
    const change = { server_type: "cpx31", upgrade_disk: false };
    const path = `/servers/${id}/actions`;
    expect(await failure("POST", `${path}/change_type`, change)).toEqual([422, "server_not_stopped"]);
    await hetzner.call("POST", `${path}/poweroff`);
    expect((await server(id)).status).toBe("stopping");
    hetzner.pass(150);
    expect((await server(id)).status).toBe("off");
    await hetzner.call("POST", `${path}/change_type`, change);
    expect((await server(id)).server_type.name).toBe("cpx21");
    hetzner.pass(150);
    expect(await server(id)).toMatchObject({ server_type: { name: "cpx31" }, primary_disk_size: 80 });
    await hetzner.call("POST", `${path}/poweron`);
    hetzner.pass(150);
    expect((await server(id)).status).toBe("running");
  });

  test("a deleted one is gone when the action is done, its own addresses with it, a Primary IP without auto_delete not", async () => {
    const kept = (
      await hetzner.call("POST", "/primary_ips", {
        name: "app-1-ipv4",
        type: "ipv4",
        location: "hil",
        assignee_type: "server",
      })
    ).body.primary_ip;
    const created = (await create({ public_net: { enable_ipv4: true, ipv4: kept.id, enable_ipv6: true } }))
      .server;
    expect(created.public_net.ipv4).toMatchObject({ id: kept.id, ip: kept.ip });
    hetzner.pass(300);
    const deleted = await hetzner.call("DELETE", `/servers/${created.id}`);
    expect(deleted.body.action).toMatchObject({ command: "delete_server", status: "running" });
    expect((await server(created.id)).status).toBe("deleting");
    hetzner.pass(150);
    expect(await failure("GET", `/servers/${created.id}`)).toEqual([404, "not_found"]);
    const left = (await hetzner.call("GET", "/primary_ips")).body.primary_ips;
    expect(left).toMatchObject([{ id: kept.id, assignee_id: null, assignee_type: "unassigned" }]);
  });

  test("protection refuses deletion and rebuild until it is taken off", async () => {
    const { id } = (await create()).server;
    hetzner.pass(300);
    const protect = (on: boolean) =>
      hetzner.call("POST", `/servers/${id}/actions/change_protection`, { delete: on, rebuild: on });
    await protect(true);
    expect(await failure("DELETE", `/servers/${id}`)).toEqual([423, "protected"]);
    expect(await failure("POST", `/servers/${id}/actions/rebuild`, { image: "debian-13" })).toEqual([
      423,
      "protected",
    ]);
    await protect(false);
    await hetzner.call("POST", `/servers/${id}/actions/rebuild`, { image: "debian-13" });
    expect((await server(id)).status).toBe("rebuilding");
    hetzner.pass(150);
    expect(await server(id)).toMatchObject({ status: "running", image: { name: "debian-13" } });
  });

  test("backups, reverse DNS and labels can be changed", async () => {
    const created = (await create()).server;
    hetzner.pass(300);
    await hetzner.call("POST", `/servers/${created.id}/actions/enable_backup`);
    await hetzner.call("POST", `/servers/${created.id}/actions/change_dns_ptr`, {
      ip: created.public_net.ipv4.ip,
      dns_ptr: "app-1.example.com",
    });
    await hetzner.call("PUT", `/servers/${created.id}`, { labels: { stack: "dev" } });
    expect(await server(created.id)).toMatchObject({
      backup_window: "22-02",
      labels: { stack: "dev" },
      public_net: { ipv4: { dns_ptr: "app-1.example.com" } },
    });
  });
});

describe("what is refused", () => {
  test("a second server of the same name", async () => {
    await create();
    const { status, body } = await hetzner.call("POST", "/servers", SERVER);
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      code: "uniqueness_error",
      message: "server name is already used",
      details: { fields: [{ name: "name" }] },
    });
  });

  test("a type that is not offered in the location, is deprecated, or is sold out", async () => {
    const refused = (more: object) => failure("POST", "/servers", { ...SERVER, ...more });
    expect(await refused({ server_type: "cx23" })).toEqual([422, "invalid_input"]);
    expect(await refused({ server_type: "cx22", location: "fsn1" })).toEqual([422, "invalid_server_type"]);
    expect(await refused({ server_type: "cx23", location: "fsn1" })).toEqual([412, "resource_unavailable"]);
  });

  test("user data over 32 KiB, a bad host name, bad labels and unknown things, with the fields by name", async () => {
    const { status, body } = await hetzner.call("POST", "/servers", {
      ...SERVER,
      name: "no_host.name-",
      user_data: "x".repeat(32 * 1024 + 1),
      labels: { "bad key": "x" },
    });
    expect(status).toBe(422);
    expect(body.error.details.fields.map((field: { name: string }) => field.name).sort()).toEqual([
      "labels",
      "name",
      "user_data",
    ]);
    for (const more of [
      { image: "windows" },
      { location: "moon" },
      { server_type: "huge" },
      { ssh_keys: ["x"] },
    ])
      expect(await failure("POST", "/servers", { ...SERVER, ...more })).toEqual([422, "invalid_input"]);
    expect(await failure("POST", "/servers", { ...SERVER, networks: [1] })).toEqual([404, "not_found"]);
    expect(await failure("POST", "/servers", { ...SERVER, datacenter: "hil-dc1" })).toEqual([
      422,
      "invalid_input",
    ]);
  });

  test("a create that fails half-way leaves nothing behind", async () => {
    const wrong = (await hetzner.call("POST", "/primary_ips", { name: "a", type: "ipv4", location: "ash" }))
      .body.primary_ip;
    const public_net = { enable_ipv4: true, enable_ipv6: true, ipv6: wrong.id };
    expect(await failure("POST", "/servers", { ...SERVER, public_net })).toEqual([
      422,
      "primary_ip_version_mismatch",
    ]);
    expect((await hetzner.call("GET", "/servers")).body.servers).toEqual([]);
    expect((await hetzner.call("GET", "/primary_ips")).body.primary_ips).toHaveLength(1);
  });

  test("more servers than the project may have, and more than ten in a placement group", async () => {
    const group = (await hetzner.call("POST", "/placement_groups", { name: "spread", type: "spread" })).body
      .placement_group;
    for (let n = 1; n <= 10; n++) await create({ name: `s${n}`, placement_group: group.id });
    expect(await failure("POST", "/servers", SERVER)).toEqual([403, "resource_limit_exceeded"]);
    expect(await failure("DELETE", `/placement_groups/${group.id}`)).toEqual([422, "resource_in_use"]);
    await hetzner.stop();
    hetzner = await startTestCloud({ limits: { servers: 100 } });
    const other = (await hetzner.call("POST", "/placement_groups", { name: "spread", type: "spread" })).body
      .placement_group;
    for (let n = 1; n <= 10; n++) await create({ name: `s${n}`, placement_group: other.id });
    expect(await failure("POST", "/servers", { ...SERVER, placement_group: other.id })).toEqual([
      412,
      "placement_error",
    ]);
  });
});

describe("findServerByIp", () => {
  test("knows a server by its IPv4 address and by any address of its IPv6 block", async () => {
    const created = (await create({ user_data: "#cloud-config\n" })).server;
    hetzner.pass(300);
    const found = { id: created.id, name: "app-1", status: "running", userData: "#cloud-config\n" };
    expect(hetzner.cloud.findServerByIp(created.public_net.ipv4.ip)).toMatchObject(found);
    const ipv6 = created.public_net.ipv6.ip.replace("/64", "1");
    expect(hetzner.cloud.findServerByIp(ipv6)).toMatchObject(found);
    expect(hetzner.cloud.findServerByIp("192.0.2.1")).toBeUndefined();
  });

  test("tells whether a firewall lets 443 in; without one everything comes in", async () => {
    const { id, public_net } = (await create()).server;
    const allows = () => hetzner.cloud.findServerByIp(public_net.ipv4.ip)?.firewallAllows443;
    expect(allows()).toBe(true);
    const apply_to = [{ type: "server", server: { id } }];
    const firewall = (await hetzner.call("POST", "/firewalls", { name: "closed", apply_to })).body.firewall;
    expect(allows()).toBe(false);
    const source_ips = ["173.245.48.0/20", "2400:cb00::/32"];
    await hetzner.call("POST", `/firewalls/${firewall.id}/actions/set_rules`, {
      rules: [{ direction: "in", protocol: "tcp", port: "443", source_ips }],
    });
    expect(allows()).toBe(true);
  });
});
