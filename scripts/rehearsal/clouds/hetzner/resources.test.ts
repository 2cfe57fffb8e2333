import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Json, startTestCloud, type TestCloud } from "./test-cloud.ts";

let hetzner: TestCloud;
beforeEach(async () => {
  hetzner = await startTestCloud();
});
afterEach(() => hetzner.stop());

const create = async (path: string, body: object): Promise<Json> => {
  const answer = await hetzner.call("POST", path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
const failure = async (method: string, path: string, body?: unknown) => {
  const answer = await hetzner.call(method, path, body);
  return [answer.status, answer.body?.error?.code];
};
const get = async (path: string): Promise<Json> => (await hetzner.call("GET", path)).body;

async function createServer(more: object = {}): Promise<Json> {
  const wanted = { name: "app-1", server_type: "cpx11", image: "debian-12", location: "hil", ...more };
  const { server } = await create("/servers", wanted);
  hetzner.pass(1000);
  return server;
}

describe("volumes", () => {
  test("are made on a server, formatted, and attached by a following action", async () => {
    const server = await createServer();
    const made = await create("/volumes", { name: "data", size: 20, server: server.id, format: "ext4" });
    expect(made.volume).toMatchObject({ status: "creating", server: null, size: 20, format: "ext4" });
    expect(made.next_actions).toMatchObject([{ command: "attach_volume" }]);
    hetzner.pass(300);
    expect((await get(`/volumes/${made.volume.id}`)).volume).toMatchObject({
      status: "available",
      server: server.id,
      location: { name: "hil" },
      linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${made.volume.id}`,
    });
    expect((await get(`/servers/${server.id}`)).server.volumes).toEqual([made.volume.id]);
  });

  test("can be deleted only when detached and not protected", async () => {
    const server = await createServer();
    const { volume } = await create("/volumes", { name: "data", size: 20, server: server.id });
    hetzner.pass(300);
    const path = `/volumes/${volume.id}`;
    expect(await failure("DELETE", path)).toEqual([422, "service_error"]);
    await create(`${path}/actions/change_protection`, { delete: true });
    expect(await failure("DELETE", path)).toEqual([423, "protected"]);
    await create(`${path}/actions/change_protection`, { delete: false });
    await create(`${path}/actions/detach`, {});
    expect((await get(path)).volume.server).toBe(server.id);
    hetzner.pass(150);
    expect((await get(path)).volume.server).toBeNull();
    expect(await failure("DELETE", path)).toEqual([204, undefined]);
    expect(await failure("GET", path)).toEqual([404, "not_found"]);
  });

  test("only grow, and stay in their location", async () => {
    const { volume } = await create("/volumes", { name: "data", size: 20, location: "ash" });
    hetzner.pass(300);
    const path = `/volumes/${volume.id}/actions`;
    expect(await failure("POST", `${path}/resize`, { size: 20 })).toEqual([422, "invalid_input"]);
    await create(`${path}/resize`, { size: 40 });
    hetzner.pass(150);
    expect((await get(`/volumes/${volume.id}`)).volume.size).toBe(40);
    const server = await createServer();
    expect(await failure("POST", `${path}/attach`, { server: server.id })).toEqual([422, "invalid_input"]);
  });

  test("outlive their server", async () => {
    const server = await createServer();
    const { volume } = await create("/volumes", { name: "data", size: 20, server: server.id });
    hetzner.pass(300);
    await hetzner.call("DELETE", `/servers/${server.id}`);
    hetzner.pass(150);
    expect((await get(`/volumes/${volume.id}`)).volume.server).toBeNull();
  });

  test("two attachments at once: the second waits for the lock", async () => {
    const server = await createServer();
    const a = (await create("/volumes", { name: "a", size: 10, location: "hil" })).volume.id;
    const b = (await create("/volumes", { name: "b", size: 10, location: "hil" })).volume.id;
    hetzner.pass(150);
    await create(`/volumes/${a}/actions/attach`, { server: server.id });
    const second = () => failure("POST", `/volumes/${b}/actions/attach`, { server: server.id });
    expect(await second()).toEqual([423, "locked"]);
    hetzner.pass(150);
    expect(await second()).toEqual([201, undefined]);
  });
});

describe("networks", () => {
  const NETWORK = { name: "net", ip_range: "10.0.0.0/16" };
  const subnet = (zone: string, ip_range = "10.0.1.0/24") => ({
    type: "cloud",
    ip_range,
    network_zone: zone,
  });

  test("give a server of their zone the first free address, or the one it asks for", async () => {
    const { network } = await create("/networks", { ...NETWORK, subnets: [subnet("us-west")] });
    expect(network.subnets).toMatchObject([{ gateway: "10.0.0.1", network_zone: "us-west" }]);
    const first = await createServer({ networks: [network.id] });
    expect(first.private_net).toMatchObject([{ network: network.id, ip: "10.0.1.1", alias_ips: [] }]);
    const second = await createServer({ name: "app-2" });
    const attach = `/servers/${second.id}/actions/attach_to_network`;
    const ask = (ip: string) => failure("POST", attach, { network: network.id, ip });
    expect(await ask("10.0.1.1")).toEqual([422, "ip_not_available"]);
    expect(await ask("10.0.2.1")).toEqual([422, "ip_not_available"]);
    expect(await ask("10.0.1.9")).toEqual([201, undefined]);
    hetzner.pass(150);
    expect((await get(`/networks/${network.id}`)).network.servers).toEqual([first.id, second.id]);
    expect(await ask("10.0.1.10")).toEqual([422, "server_already_attached"]);
    expect((await get(`/servers/${second.id}`)).server.private_net[0].mac_address).toMatch(/^86:00:00:/);
  });

  test("have nothing for a server whose zone has no subnet", async () => {
    const { network } = await create("/networks", { ...NETWORK, subnets: [subnet("us-east")] });
    const server = await createServer();
    const path = `/servers/${server.id}/actions/attach_to_network`;
    expect(await failure("POST", path, { network: network.id })).toEqual([422, "no_subnet_available"]);
  });

  test("refuse subnets outside, overlapping, or of an unknown or another zone, and public ranges", async () => {
    const { network } = await create("/networks", { ...NETWORK, subnets: [subnet("us-west")] });
    const add = (body: object) => failure("POST", `/networks/${network.id}/actions/add_subnet`, body);
    expect(await add(subnet("hil", "10.0.2.0/24"))).toEqual([422, "invalid_input"]);
    expect(await add(subnet("us-east", "10.0.2.0/24"))).toEqual([422, "invalid_input"]);
    expect(await add(subnet("us-west", "10.1.0.0/24"))).toEqual([422, "invalid_input"]);
    expect(await add(subnet("us-west", "10.0.1.128/25"))).toEqual([422, "invalid_input"]);
    expect(await add(subnet("us-west", "10.0.2.1/24"))).toEqual([422, "invalid_input"]);
    expect(await add(subnet("us-west", "10.0.2.0/24"))).toEqual([201, undefined]);
    expect(await failure("POST", "/networks", { name: "p", ip_range: "8.8.8.0/24" })).toEqual([
      422,
      "invalid_input",
    ]);
  });

  test("keep a subnet as long as servers are in it, but not themselves", async () => {
    const { network } = await create("/networks", { ...NETWORK, subnets: [subnet("us-west")] });
    const server = await createServer({ networks: [network.id] });
    const drop = () =>
      failure("POST", `/networks/${network.id}/actions/delete_subnet`, { ip_range: "10.0.1.0/24" });
    expect(await drop()).toEqual([422, "service_error"]);
    await create(`/servers/${server.id}/actions/detach_from_network`, { network: network.id });
    hetzner.pass(150);
    expect(await drop()).toEqual([201, undefined]);
    hetzner.pass(150);
    expect(await failure("DELETE", `/networks/${network.id}`)).toEqual([204, undefined]);
  });

  test("have routes", async () => {
    const { network } = await create("/networks", { ...NETWORK, subnets: [subnet("us-west")] });
    const route = { destination: "192.168.0.0/24", gateway: "10.0.1.5" };
    await create(`/networks/${network.id}/actions/add_route`, route);
    expect((await get(`/networks/${network.id}`)).network.routes).toEqual([route]);
    hetzner.pass(150);
    await create(`/networks/${network.id}/actions/delete_route`, route);
    expect((await get(`/networks/${network.id}`)).network.routes).toEqual([]);
  });
});

describe("firewalls", () => {
  const rule = (more: object = {}) => ({
    direction: "in",
    protocol: "tcp",
    port: "443",
    source_ips: ["0.0.0.0/0", "::/0"],
    ...more,
  });

  test("are applied to servers, pending first, and cannot be deleted meanwhile", async () => {
    const server = await createServer();
    const { firewall } = await create("/firewalls", { name: "web", rules: [rule()] });
    const path = `/firewalls/${firewall.id}`;
    const resource = { type: "server", server: { id: server.id } };
    const { actions } = await create(`${path}/actions/apply_to_resources`, { apply_to: [resource] });
    expect(actions).toMatchObject([{ command: "apply_firewall", status: "running" }]);
    const status = async () => (await get(`/servers/${server.id}`)).server.public_net.firewalls;
    expect(await status()).toEqual([{ id: firewall.id, status: "pending" }]);
    hetzner.pass(150);
    expect(await status()).toEqual([{ id: firewall.id, status: "applied" }]);
    expect((await get(path)).firewall.applied_to).toEqual([resource]);
    const again = { apply_to: [resource] };
    expect(await failure("POST", `${path}/actions/apply_to_resources`, again)).toEqual([
      422,
      "firewall_already_applied",
    ]);
    expect(await failure("DELETE", path)).toEqual([422, "resource_in_use"]);
    await create(`${path}/actions/remove_from_resources`, { remove_from: [resource] });
    expect(await failure("DELETE", path)).toEqual([204, undefined]);
  });

  test("follow a label selector", async () => {
    const { firewall } = await create("/firewalls", {
      name: "web",
      apply_to: [{ type: "label_selector", label_selector: { selector: "stack=dev" } }],
    });
    const server = await createServer({ labels: { stack: "dev" } });
    expect(server.public_net.firewalls).toEqual([{ id: firewall.id, status: "applied" }]);
    const remove_from = [{ type: "server", server: { id: server.id } }];
    const path = `/firewalls/${firewall.id}/actions/remove_from_resources`;
    expect(await failure("POST", path, { remove_from })).toEqual([422, "firewall_managed_by_label_selector"]);
  });

  test.each([
    ["a port without tcp or udp", rule({ protocol: "icmp" })],
    ["tcp without a port", rule({ port: null })],
    ["a port range upside down", rule({ port: "90-80" })],
    ["an inbound rule without sources", rule({ source_ips: [] })],
    ["a source with host bits", rule({ source_ips: ["10.0.0.1/8"] })],
    ["an IPv6 source with host bits", rule({ source_ips: ["2400:cb00::1/32"] })],
    ["an unknown protocol", rule({ protocol: "sctp" })],
  ])("refuse %s", async (_, wrong) => {
    expect(await failure("POST", "/firewalls", { name: "x", rules: [wrong] })).toEqual([
      422,
      "invalid_input",
    ]);
  });

  test("show every rule with all of its fields", async () => {
    const { firewall } = await create("/firewalls", { name: "web", rules: [rule()] });
    expect(firewall.rules).toEqual([rule({ destination_ips: [], description: null })]);
  });
});

describe("primary IPs", () => {
  test("can change their server only while it is off", async () => {
    const server = await createServer({ public_net: { enable_ipv4: false, enable_ipv6: true } });
    const { primary_ip } = await create("/primary_ips", { name: "v4", type: "ipv4", location: "hil" });
    const path = `/primary_ips/${primary_ip.id}/actions`;
    const assign = () =>
      failure("POST", `${path}/assign`, { assignee_id: server.id, assignee_type: "server" });
    expect(await assign()).toEqual([422, "server_not_stopped"]);
    await create(`/servers/${server.id}/actions/poweroff`, {});
    hetzner.pass(150);
    expect(await assign()).toEqual([201, undefined]);
    hetzner.pass(150);
    expect((await get(`/servers/${server.id}`)).server.public_net.ipv4).toMatchObject({
      id: primary_ip.id,
      ip: primary_ip.ip,
    });
    expect(await failure("POST", `${path}/unassign`)).toEqual([201, undefined]);
    hetzner.pass(150);
    expect((await get(`/servers/${server.id}`)).server.public_net.ipv4).toBeNull();
  });

  test("are protected, unique by name, and one of a kind a server", async () => {
    const { primary_ip } = await create("/primary_ips", { name: "v4", type: "ipv4", location: "hil" });
    const path = `/primary_ips/${primary_ip.id}`;
    await create(`${path}/actions/change_protection`, { delete: true });
    expect(await failure("DELETE", path)).toEqual([423, "protected"]);
    expect(await failure("POST", "/primary_ips", { name: "v4", type: "ipv4", location: "hil" })).toEqual([
      409,
      "uniqueness_error",
    ]);
    const server = await createServer();
    expect(
      await failure("POST", "/primary_ips", { name: "w4", type: "ipv4", assignee_id: server.id }),
    ).toEqual([422, "server_has_ipv4"]);
  });
});

test("SSH keys show the fingerprint that ssh-keygen shows, and are unique by it", async () => {
  const public_key =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS person@example.com";
  const { ssh_key } = await create("/ssh_keys", { name: "person", public_key });
  expect(ssh_key.fingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  expect(await failure("POST", "/ssh_keys", { name: "again", public_key })).toEqual([
    409,
    "uniqueness_error",
  ]);
  const server = {
    name: "a",
    server_type: "cpx11",
    image: "debian-12",
    location: "hil",
    ssh_keys: ["person"],
  };
  expect((await create("/servers", server)).root_password).toBeNull();
});
