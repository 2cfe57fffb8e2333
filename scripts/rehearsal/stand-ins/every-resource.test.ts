import * as cloudflare from "@pulumi/cloudflare";
import * as hcloud from "@pulumi/hcloud";
import type * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { packageSchema } from "./schema.ts";
import { type StandIns, startStandIns } from "./start.ts";
import { watchSteps } from "./testing/steps.ts";
import { makeWorld, type World } from "./testing/world.ts";

let world: World;
let standIns: StandIns;

beforeAll(async () => {
  world = await makeWorld();
  standIns = await startStandIns({
    hcloud: { url: world.hetzner.url, token: world.hetzner.tokens.write },
    cloudflare: { url: world.cloudflare.url, token: await zoneOwnersToken() },
  });
  await uploadWorker();
});
afterAll(async () => {
  await standIns.close();
  await world.close();
});

/** A token for all that a stack needs, and for making and deleting zones too, which no stack does. */
async function zoneOwnersToken(): Promise<string> {
  const response = await fetch(new URL("/_rehearsal/tokens", world.cloudflare.url), {
    method: "POST",
    body: JSON.stringify({ permissions: "edit", but: { Zone: "edit" } }),
  });
  return z.object({ token: z.string() }).parse(await response.json()).token;
}

/** Routes and custom domains lead to a Worker that exists. */
async function uploadWorker(): Promise<void> {
  const form = new FormData();
  form.set("metadata", JSON.stringify({ main_module: "index.js", compatibility_date: "2026-01-01" }));
  const source = 'export default { fetch: () => new Response("here") };';
  form.set("index.js", new File([source], "index.js", { type: "application/javascript+module" }));
  const { url, accountId, tokens } = world.cloudflare;
  const response = await fetch(`${url}/accounts/${accountId}/workers/scripts/intake`, {
    method: "PUT",
    headers: { authorization: `Bearer ${tokens.write}` },
    body: form,
  });
  expect(response.status).toBe(200);
}

const idOf = (resource: pulumi.CustomResource): pulumi.Output<number> => resource.id.apply(Number);

function hetznerResources(publicKey: pulumi.Output<string>): void {
  const network = new hcloud.Network("network", { ipRange: "10.0.0.0/16" });
  const networkId = idOf(network);
  const subnet = new hcloud.NetworkSubnet("subnet", {
    networkId,
    ipRange: "10.0.1.0/24",
    networkZone: "us-west",
    type: "cloud",
  });
  const after = { dependsOn: subnet };
  new hcloud.NetworkRoute("route", { networkId, destination: "10.100.1.0/24", gateway: "10.0.1.1" }, after);
  const firewall = new hcloud.Firewall("firewall", {
    rules: [{ direction: "in", protocol: "tcp", port: "443", sourceIps: ["173.245.48.0/20"] }],
  });
  const address = new hcloud.PrimaryIp("address", { type: "ipv4", location: "hil" });
  const group = new hcloud.PlacementGroup("group", { type: "spread" });
  const key = new hcloud.SshKey("ssh", { publicKey });
  const server = new hcloud.Server("server", {
    serverType: "cpx11",
    image: "debian-12",
    location: "hil",
    sshKeys: [key.id],
    placementGroupId: idOf(group),
    publicNets: [{ ipv4: idOf(address), ipv6Enabled: false }],
  });
  const serverId = idOf(server);
  new hcloud.FirewallAttachment("attachment", { firewallId: idOf(firewall), serverIds: [serverId] });
  new hcloud.ServerNetwork("server-network", { serverId, networkId }, after);
  const volume = new hcloud.Volume("volume", { size: 20, location: "hil", format: "ext4" });
  new hcloud.VolumeAttachment("volume-attachment", { volumeId: idOf(volume), serverId });
  new hcloud.Rdns("rdns", { serverId, ipAddress: server.ipv4Address, dnsPtr: "app.example.com" });
}

function tlsResources(): { csr: pulumi.Output<string>; publicKey: pulumi.Output<string> } {
  const key = new tls.PrivateKey("key", { algorithm: "RSA" });
  const request = new tls.CertRequest("request", {
    privateKeyPem: key.privateKeyPem,
    subject: { commonName: "example.com" },
    dnsNames: ["example.com", "*.example.com"],
  });
  const ca = new tls.SelfSignedCert("ca", {
    privateKeyPem: key.privateKeyPem,
    allowedUses: ["cert_signing"],
    validityPeriodHours: 24,
    isCaCertificate: true,
    subject: { commonName: "A CA for tests" },
  });
  new tls.LocallySignedCert("leaf", {
    caCertPem: ca.certPem,
    caPrivateKeyPem: key.privateKeyPem,
    certRequestPem: request.certRequestPem,
    validityPeriodHours: 24,
    allowedUses: ["server_auth"],
  });
  return { csr: request.certRequestPem, publicKey: key.publicKeyOpenssh };
}

function zoneResources(zoneId: string, csr: pulumi.Output<string>): void {
  new cloudflare.OriginCaCertificate("origin-ca", {
    csr,
    hostnames: ["example.com", "*.example.com"],
    requestType: "origin-rsa",
    requestedValidity: 5475,
  });
  // A name without the zone's, a quoted text: the API answers in another form.
  new cloudflare.DnsRecord("txt", { zoneId, name: "_release", type: "TXT", ttl: 60, content: '"v1"' });
  new cloudflare.Ruleset("waf", {
    zoneId,
    kind: "zone",
    name: "waf",
    phase: "http_request_firewall_custom",
    rules: [
      {
        action: "block",
        expression: '(http.request.uri.path contains "/.git")',
        description: "dotfiles",
      },
    ],
  });
  new cloudflare.Ruleset("cache", {
    zoneId,
    kind: "zone",
    name: "cache",
    phase: "http_request_cache_settings",
    rules: [
      {
        action: "set_cache_settings",
        expression: '(starts_with(http.request.uri.path, "/static/"))',
        actionParameters: {
          cache: true,
          edgeTtl: {
            mode: "override_origin",
            default: 86400,
            statusCodeTtls: [{ statusCode: 404, value: 10 }],
          },
          cacheKey: { customKey: { queryString: { include: { lists: ["v"] } } } },
        },
      },
    ],
  });
  new cloudflare.ZoneSetting("ssl", { zoneId, settingId: "ssl", value: "strict" });
  new cloudflare.ZoneSetting("hsts", {
    zoneId,
    settingId: "security_header",
    value: {
      strict_transport_security: {
        enabled: true,
        max_age: 31536000,
        include_subdomains: true,
        preload: false,
        nosniff: true,
      },
    },
  });
  new cloudflare.AuthenticatedOriginPullsSettings("origin-pulls", { zoneId, enabled: true });
  new cloudflare.ZoneDnssec("dnssec", { zoneId, status: "active" });
  new cloudflare.WorkersRoute("route-to-worker", {
    zoneId,
    pattern: "example.com/intake*",
    script: "intake",
  });
}

function accountResources(accountId: string, zoneId: string): { secret: pulumi.Output<string> } {
  const project = new cloudflare.PagesProject("pages", {
    accountId,
    name: "www",
    productionBranch: "main",
    buildConfig: { buildCommand: "npm run build", destinationDir: "dist" },
    deploymentConfigs: {
      production: {
        compatibilityDate: "2026-01-01",
        envVars: { lower_case: { type: "plain_text", value: "a name is data" } },
      },
    },
  });
  new cloudflare.PagesDomain("pages-domain", {
    accountId,
    projectName: project.name,
    name: "www.example.com",
  });
  new cloudflare.WorkersKvNamespace("kv", { accountId, title: "kv" });
  new cloudflare.Queue("queue", { accountId, queueName: "queue", settings: { deliveryDelay: 3 } });
  new cloudflare.D1Database("d1", {
    accountId,
    name: "d1",
    primaryLocationHint: "wnam",
    readReplication: { mode: "auto" },
  });
  new cloudflare.R2Bucket("r2", { accountId, name: "r2-bucket", location: "wnam" });
  new cloudflare.WorkersCustomDomain("worker-domain", {
    accountId,
    zoneId,
    hostname: "intake.example.com",
    service: "intake",
    environment: "production",
  });
  new cloudflare.Zone("zone", { account: { id: accountId }, name: "second.example" });
  const widget = new cloudflare.TurnstileWidget("turnstile", {
    accountId,
    name: "form",
    mode: "managed",
    domains: ["example.com"],
  });
  return { secret: widget.secret };
}

async function functionResults() {
  const [types, type, places, place, image, zone, zones, ranges] = await Promise.all([
    hcloud.getServerTypes(),
    hcloud.getServerType({ name: "cpx11" }),
    hcloud.getLocations(),
    hcloud.getLocation({ name: "hil" }),
    hcloud.getImage({ name: "debian-12" }),
    cloudflare.getZone({ filter: { name: "example.com" } }),
    cloudflare.getZones({ name: "example.com" }),
    cloudflare.getIpRanges(),
  ]);
  return {
    types: types.serverTypes.length,
    type: type.locations.map((each) => each.name),
    places: places.names,
    place: place.networkZone,
    image: image.osFlavor,
    zone: zone.zoneId,
    zones: zones.results.map((each) => each.id),
    ranges: [ranges.ipv4Cidrs[0], ranges.ipv6Cidrs[0]],
  };
}

test("every resource is made, found unchanged by a refresh, and deleted; every function answers", async () => {
  const { accountId, zoneId } = world.cloudflare;
  const stack = await world.stack(
    "every",
    async () => {
      const { csr, publicKey } = tlsResources();
      hetznerResources(publicKey);
      zoneResources(zoneId, csr);
      const { secret } = accountResources(accountId, zoneId);
      return { ...(await functionResults()), secret };
    },
    { env: { PULUMI_DEBUG_PROVIDERS: standIns.debugProviders }, outputs: true },
  );
  const types = new Set<string>();
  const { outputs } = await stack.up({
    onEvent: (event) => types.add(event.resOutputsEvent?.metadata.type ?? ""),
  });
  const known = (["hcloud", "cloudflare", "tls"] as const).flatMap((name) => [
    ...packageSchema(name).resources.keys(),
  ]);
  const missing = known.filter((token) => !types.has(token));
  // The cloud has no load balancers: hcloud/load-balancer.test.ts.
  expect(missing).toEqual(["hcloud:index/loadBalancer:LoadBalancer"]);
  expect(outputs.secret?.secret).toBe(true);
  expect(outputs).toMatchObject({
    type: { value: expect.arrayContaining(["hil"]) },
    places: { value: expect.arrayContaining(["hil"]) },
    place: { value: "us-west" },
    image: { value: "debian" },
    zone: { value: zoneId },
    zones: { value: [zoneId] },
    ranges: { value: ["173.245.48.0/20", "2400:cb00::/32"] },
  });

  const steps = watchSteps();
  await stack.preview({ refresh: true, onEvent: steps.onEvent });
  const changed = Object.entries(steps.operations).filter(([, ops]) => ops.some((op) => op !== "refresh"));
  expect({ changed, diffs: steps.diffs }).toEqual({ changed: [], diffs: {} });

  await stack.destroy();
  for (const kind of ["servers", "networks", "primary_ips", "firewalls", "volumes", "ssh_keys"]) {
    expect(await world.hetzner.call("GET", `/${kind}`)).toMatchObject({ [kind]: [] });
  }
  const records = await world.cloudflare.call("GET", `/zones/${zoneId}/dns_records?type=TXT`);
  expect(records).toMatchObject({ result: [] });
});
