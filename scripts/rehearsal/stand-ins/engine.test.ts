import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as cloudflare from "@pulumi/cloudflare";
import * as hcloud from "@pulumi/hcloud";
import * as pulumi from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import * as tls from "@pulumi/tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StandIns, startStandIns } from "./start.ts";
import { watchSteps } from "./testing/steps.ts";
import { makeWorld, type World } from "./testing/world.ts";

const USER_DATA = "#cloud-config\n# canary-7f3a91\n";
/** What the engine shows for a value that it does not know yet. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let world: World;
let standIns: StandIns;

beforeAll(async () => {
  world = await makeWorld();
  standIns = await startStandIns({
    hcloud: { url: world.hetzner.url, token: world.hetzner.tokens.write },
    cloudflare: { url: world.cloudflare.url, token: world.cloudflare.tokens.write },
  });
});
afterAll(async () => {
  await standIns.close();
  await world.close();
});

const attached = () => ({ env: { PULUMI_DEBUG_PROVIDERS: standIns.debugProviders } });
const idOf = (resource: pulumi.CustomResource): pulumi.Output<number> => resource.id.apply(Number);

describe.sequential("a stack on the stand-ins and the real engine", () => {
  let stack: Stack;
  let shape = {
    labels: { stack: "dev" },
    userData: USER_DATA,
    port: "443",
    volume: true,
    comment: "the app",
  };

  const program = async () => {
    const network = new hcloud.Network("net", { ipRange: "10.0.0.0/16", labels: shape.labels });
    const subnet = new hcloud.NetworkSubnet("subnet", {
      networkId: idOf(network),
      ipRange: "10.0.1.0/24",
      networkZone: "us-west",
      type: "cloud",
    });
    const firewall = new hcloud.Firewall("firewall", {
      name: "edge-only",
      rules: [
        {
          direction: "in",
          protocol: "tcp",
          port: shape.port,
          sourceIps: ["173.245.48.0/20", "2400:cb00::/32"],
        },
      ],
    });
    const address = new hcloud.PrimaryIp("address", { name: "app-v4", type: "ipv4", location: "hil" });
    const server = new hcloud.Server(
      "app",
      {
        name: "app",
        serverType: "cpx11",
        image: "debian-12",
        location: "hil",
        userData: pulumi.secret(shape.userData),
        firewallIds: [idOf(firewall)],
        publicNets: [{ ipv4: idOf(address), ipv6Enabled: false }],
      },
      { dependsOn: subnet },
    );
    new hcloud.ServerNetwork("app-net", { serverId: idOf(server), networkId: idOf(network), ip: "10.0.1.5" });
    if (shape.volume) new hcloud.Volume("data", { size: 20, location: "hil", format: "ext4" });
    const zone = await cloudflare.getZone({ filter: { name: "example.com" } });
    new cloudflare.DnsRecord("record", {
      zoneId: zone.zoneId,
      name: "app.example.com",
      type: "A",
      ttl: 1,
      proxied: true,
      content: address.ipAddress,
      comment: shape.comment,
    });
    const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
    return { ipv4: server.ipv4Address, key: key.privateKeyPem, subnet: subnet.id };
  };

  test("a preview knows what the program wrote, leaves open what only the cloud can say, and changes nothing", async () => {
    stack = await world.stack("story", program, { ...attached(), outputs: true });
    await world.hetzner.forget();
    const steps = watchSteps();
    const { changeSummary } = await stack.preview({ onEvent: steps.onEvent });
    expect(changeSummary).toEqual({ create: 10 });
    expect(steps.outputs.app).toMatchObject({
      name: "app",
      image: "debian-12",
      ipv4Address: UNKNOWN,
      backups: false,
    });
    expect(steps.inputs.record).toMatchObject({ name: "app.example.com", content: UNKNOWN });
    // The real plugin generates names for what the program does not name.
    expect(steps.inputs.net?.name).toMatch(/^net-[0-9a-f]{7}$/);
    const calls = await world.hetzner.calls();
    expect(calls.filter((call) => !call.startsWith("GET "))).toEqual([]);
  });

  test("an update makes it, and no secret is readable in the state", async () => {
    const { outputs } = await stack.up();
    expect(outputs.ipv4?.value).toMatch(/^203\.0\.113\./);
    expect(outputs.subnet?.value).toMatch(/^\d+-10\.0\.1\.0\/24$/);
    expect(outputs.key?.secret).toBe(true);
    const state = readFileSync(join(world.dir, "state/.pulumi/stacks/quayside/story.json"), "utf8");
    expect(state).toContain("rules");
    expect(state).not.toContain("canary-7f3a91");
    expect(state).not.toContain("PRIVATE KEY");
  });

  test("a changed program updates, replaces and deletes by the schema, with the paths that changed", async () => {
    shape = {
      labels: { stack: "prod" },
      userData: `${USER_DATA}# v2\n`,
      port: "8443",
      volume: false,
      comment: "the app",
    };
    const steps = watchSteps();
    await stack.up({ onEvent: steps.onEvent });
    expect(steps.diffs).toMatchObject({
      net: { "labels.stack": "update" },
      firewall: { "rules[0].port": "update" },
      app: { userData: "update-replace" },
    });
    // What the program did not touch is left alone.
    expect(Object.keys(steps.operations).sort()).toEqual(["app", "app-net", "data", "firewall", "net"]);
    expect(steps.operations).toMatchObject({
      net: ["update"],
      firewall: ["update"],
      // Its name is the program's own, and the cloud would refuse a second server of that name: delete comes first.
      app: ["delete-replaced", "replace", "create-replacement"],
      data: ["delete"],
    });
    const { servers } = await world.hetzner.call<{ servers: { name: string }[] }>("GET", "/servers");
    expect(servers.map((server) => server.name)).toEqual(["app"]);
    const { volumes } = await world.hetzner.call<{ volumes: unknown[] }>("GET", "/volumes");
    expect(volumes).toEqual([]);
  });

  test("what was changed or deleted by hand shows as drift, down to the property", async () => {
    const { networks } = await world.hetzner.call<{ networks: { id: number }[] }>("GET", "/networks");
    await world.hetzner.call("PUT", `/networks/${networks[0]?.id}`, {
      labels: { stack: "prod", by: "hand" },
    });
    const { result: records } = await world.cloudflare.call<{ result: { id: string; name: string }[] }>(
      "GET",
      `/zones/${world.cloudflare.zoneId}/dns_records?name=app.example.com`,
    );
    await world.cloudflare.call("DELETE", `/zones/${world.cloudflare.zoneId}/dns_records/${records[0]?.id}`);

    const steps = watchSteps();
    const { changeSummary } = await stack.preview({ refresh: true, onEvent: steps.onEvent });
    expect(steps.operations.net).toContain("update");
    expect(steps.diffs.net).toHaveProperty(["labels.by"]);
    expect(steps.operations.record).toContain("create");
    expect(changeSummary).toMatchObject({ update: 1, create: 1 });
  });

  test("destroying leaves nothing in the clouds", async () => {
    await stack.destroy();
    for (const kind of ["servers", "networks", "primary_ips", "firewalls", "volumes"]) {
      expect(await world.hetzner.call("GET", `/${kind}`)).toMatchObject({ [kind]: [] });
    }
  });
});

test("a resource that was made by hand is imported by its id alone, and then belongs to the program", async () => {
  const { network } = await world.hetzner.call<{ network: { id: number } }>("POST", "/networks", {
    name: "by-hand",
    ip_range: "10.9.0.0/16",
    labels: { made: "by-hand" },
  });
  const { result: record } = await world.cloudflare.call<{ result: { id: string } }>(
    "POST",
    `/zones/${world.cloudflare.zoneId}/dns_records`,
    { name: "old.example.com", type: "CNAME", content: "example.net", ttl: 300 },
  );
  const { zoneId } = world.cloudflare;
  const stack = await world.stack(
    "import",
    async () => {
      new hcloud.Network(
        "net",
        { name: "by-hand", ipRange: "10.9.0.0/16", labels: { made: "by-hand" } },
        { import: String(network.id) },
      );
      new cloudflare.DnsRecord(
        "record",
        { zoneId, name: "old.example.com", type: "CNAME", content: "example.net", ttl: 300 },
        { import: `${zoneId}/${record.id}` },
      );
    },
    attached(),
  );
  const steps = watchSteps();
  await stack.up({ onEvent: steps.onEvent });
  expect(steps.operations).toEqual({ net: ["import"], record: ["import"] });
  const { deployment } = await stack.exportStack();
  const ids = (deployment.resources as { id?: string; type: string }[]).filter((each) => each.id);
  expect(ids.map((each) => each.id)).toContain(record.id);
  const { changeSummary } = await stack.preview();
  expect(changeSummary).toEqual({ same: 3 });
});

test("what fails half-way stays in the state with its failure, and the next update finishes it", async () => {
  const stack = await world.stack(
    "partial",
    async () => {
      new hcloud.Volume("data", { name: "half", size: 10, location: "hil", deleteProtection: true });
    },
    attached(),
  );
  await world.hetzner.fault({
    method: "POST",
    path: "change_protection",
    fault: { kind: "status", status: 500 },
  });
  const first = watchSteps();
  await expect(stack.up({ onEvent: first.onEvent })).rejects.toThrow();
  expect(first.errors.join("\n")).toMatch(
    /creating Volume "data" failed: POST \/volumes\/\d+\/actions\/change_protection answered 500 server_error/,
  );

  const second = watchSteps();
  await stack.up({ onEvent: second.onEvent });
  expect(second.operations.data).toEqual(["update"]);
  const { volumes } = await world.hetzner.call<{ volumes: object[] }>("GET", "/volumes?name=half");
  expect(volumes).toMatchObject([{ protection: { delete: true } }]);
});

test("an interrupted update ends soon, and keeps what it had begun", async () => {
  await world.hetzner.fault({
    method: "POST",
    path: "/servers$",
    fault: { kind: "slow-action", ms: 60_000 },
  });
  const abort = new AbortController();
  const stack = await world.stack(
    "cancel",
    async () => {
      new hcloud.Server("slow", { name: "slow", serverType: "cpx11", image: "debian-12", location: "hil" });
    },
    attached(),
  );
  await world.hetzner.forget();
  const started = stack.up({ signal: abort.signal });
  const outcome = expect(started).rejects.toThrow();
  await expect
    .poll(() => world.hetzner.calls(), { timeout: 15_000 })
    .toContainEqual(expect.stringMatching(/^GET \/v1\/actions/));
  const interrupted = performance.now();
  abort.abort();
  await outcome;
  expect(performance.now() - interrupted).toBeLessThan(10_000);
  const { deployment } = await stack.exportStack();
  const kept = (deployment.resources as { urn: string; id?: string; initErrors?: string[] }[]).find((each) =>
    each.urn.endsWith("::slow"),
  );
  expect(kept?.id).toMatch(/^\d+$/);
  expect(kept?.initErrors?.join()).toContain("cancelled");
});
