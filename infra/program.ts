import { join, relative } from "node:path";
import { getProject, getStack, type Output } from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime/settings.js";
import type { UntilHealthy } from "./src/awaited-server.ts";
import { Backups } from "./src/cloudflare/backups.ts";
import { Cache } from "./src/cloudflare/cache.ts";
import { Dns } from "./src/cloudflare/dns.ts";
import { DomainProtection } from "./src/cloudflare/domain-protection.ts";
import { cloudflareIpRanges } from "./src/cloudflare/ip-ranges.ts";
import { OriginTls } from "./src/cloudflare/origin-tls.ts";
import { Site } from "./src/cloudflare/pages.ts";
import { Redirects } from "./src/cloudflare/redirects.ts";
import { Waf } from "./src/cloudflare/waf.ts";
import { withoutWorker } from "./src/cloudflare/without-worker.ts";
import { Worker } from "./src/cloudflare/workers.ts";
import { findZone } from "./src/cloudflare/zone.ts";
import { ZoneSettings } from "./src/cloudflare/zone-settings.ts";
import { readConfig } from "./src/config.ts";
import type { Deferred } from "./src/deferred.ts";
import { Firewall } from "./src/hetzner/firewall.ts";
import { Network } from "./src/hetzner/network.ts";
import { spreadPlacement } from "./src/hetzner/placement.ts";
import { SealKey } from "./src/hetzner/seal-key.ts";
import { Server } from "./src/hetzner/server.ts";
import { offeredServerType } from "./src/hetzner/server-type.ts";
import { Volume } from "./src/hetzner/volume.ts";
import { hostsOf, SERVER_NAMES } from "./src/hosts.ts";
import type { StackOutputs } from "./src/outputs.ts";
import { readRepository } from "./src/repository.ts";

const REPOSITORY = join(import.meta.dirname, "..");

export interface Surroundings {
  /** The folder of the project whose Workers and sites the stack serves. */
  root?: string;
  /** Where HCLOUD_ENDPOINT and HCLOUD_TOKEN are found, should a choice of server types need prices. */
  environment?: NodeJS.ProcessEnv;
  /** Without it nobody waits: everything is made as fast as it can be. */
  untilHealthy?: UntilHealthy | undefined;
}

/** One stack, top to bottom: visitors → Cloudflare → servers at Hetzner. */
export async function program({
  root = REPOSITORY,
  environment = process.env,
  untilHealthy,
}: Surroundings = {}): Promise<Deferred<StackOutputs>> {
  const owner = { project: getProject(), stack: getStack() };
  const file = relative(REPOSITORY, join(root, "infra", `Pulumi.${owner.stack}.yaml`));
  const config = readConfig(owner.project, file);
  const { accountId, location, protect } = config;
  const hosts = hostsOf(config);
  const repository = readRepository(root);

  // What is there already. A wrong answer stops the stack before anything is touched.
  const [zone, edgeRanges, serverType] = await Promise.all([
    findZone(config.domain, accountId),
    cloudflareIpRanges(),
    offeredServerType(config.serverType, location, environment),
  ]);

  // The servers, behind a firewall that only the edge passes.
  const network = new Network("network", { owner, location });
  const firewall = new Firewall("firewall", { owner, visitors: edgeRanges });
  const placement = spreadPlacement("placement", owner, location);
  const volume = new Volume("volume", { owner, location, size: config.volumeSize, protect });
  const backups = config.backups
    ? new Backups("backups", { accountId, owner, location, protect })
    : undefined;
  const originTls = new OriginTls("origin", { hostnames: [hosts.app, ...SERVER_NAMES.map(hosts.server)] });
  const sealKey = new SealKey("seal-key");
  // The names that lead to them.
  const dns = new Dns("dns", { zoneId: zone.id, appHostname: hosts.app, releaseName: hosts.release });

  const names = SERVER_NAMES.slice(0, config.secondServer ? 2 : 1);
  let turn: Promise<unknown> | undefined;
  const servers = names.map((name, index) => {
    const primary = index === 0;
    const healthHostname = hosts.server(name);
    const server = new Server(name, {
      owner,
      location,
      serverType,
      protect,
      privateIp: `10.0.1.${index + 2}`,
      subnetId: network.subnetId,
      firewallId: firewall.id,
      placementGroupId: placement.id.apply(Number),
      primary,
      hostnames: [hosts.app, healthHostname],
      // Releases go from one server to the next.
      ...(primary ? {} : { after: hosts.server(SERVER_NAMES[index - 1] ?? SERVER_NAMES[0]) }),
      certificatePem: originTls.certificatePem,
      privateKeyPem: originTls.privateKeyPem,
      sealKeyPem: sealKey.privateKeyPem,
      releaseKey: config.releaseKey,
      releaseName: hosts.release,
      images: [config.image.replace(/@.*/, "")],
      ...(primary ? { volumeId: volume.id } : {}),
      turn,
    });
    const { ipv4, ipv6, machine } = server;
    const several = names.length > 1;
    const ready =
      several && untilHealthy && !isDryRun()
        ? known(machine.id).then((id) => untilHealthy({ name, id, healthHostname }))
        : undefined;
    // Where one server is all there is, its records stay: they lead visitors to the maintenance page.
    const origin = {
      name,
      healthHostname,
      ipv4,
      ipv6,
      server,
      machine: several ? machine : undefined,
      ready,
    };
    const inService = known(dns.lead(origin));
    turn = ready && Promise.all([ready, inService]);
    // Nobody waits for the last one; who waits is told all the same.
    turn?.catch(() => undefined);
    return { name, primary, healthHostname, server };
  });

  // What the edge answers by itself.
  const appUrl = `https://${hosts.app}`;
  const workers = repository.workers.map((worker) => {
    const { output } = new Worker(worker.name, {
      accountId,
      stack: owner.stack,
      worker,
      hostOf: hosts.site,
      vars: { BACKEND_URL: appUrl, STACK: owner.stack },
      protect,
    });
    return [worker.name, output] as const;
  });
  // The app's files come from the edge's cache, and a Worker before them would only be counted.
  withoutWorker("app-static", zone.id, `${hosts.app}/static/*`);
  const sites = repository.sites.map((name) => {
    const { project, domain, url } = new Site(name, {
      accountId,
      zoneId: zone.id,
      project: `${owner.project}-${name}-${owner.stack}`,
      domains: [hosts.site(name), ...(name === "www" && hosts.apex ? [hosts.apex] : [])],
    });
    return [name, { project, domain, url }] as const;
  });

  // What holds for the whole zone, whoever's hosts they are.
  if (config.ownsZone) {
    new ZoneSettings("zone-settings", { zoneId: zone.id });
    new Waf("waf", { zoneId: zone.id, plan: config.cloudflarePlan, adminRanges: config.adminRanges });
    new Cache("cache", { zoneId: zone.id, domain: config.domain });
    new DomainProtection("domain", { zoneId: zone.id, domain: config.domain, mail: config.mail });
    // One address for one page: the zone's own name leads to www.
    const apex = hosts.apex ? [{ from: hosts.apex, to: `https://${hosts.site("www")}`, status: 301 }] : [];
    new Redirects("redirects", {
      zoneId: zone.id,
      redirects: [...apex, ...config.redirects],
      known: [config.domain],
    });
  }

  return {
    schema: 1,
    accountId,
    zone,
    app: { hostname: hosts.app, url: appUrl },
    servers: servers.map(({ server: { id, name, ipv4, ipv6 }, healthHostname, primary }) => ({
      name,
      id,
      ipv4,
      ipv6,
      healthHostname,
      primary,
    })),
    volume: { id: volume.id, name: volume.name, linuxDevice: volume.linuxDevice },
    ...(backups ? { backups: { bucket: backups.bucket, repository: backups.repository } } : {}),
    workers: Object.fromEntries(workers),
    sites: Object.fromEntries(sites),
    ...(config.turnstileSiteKey === "" ? {} : { turnstileSiteKey: config.turnstileSiteKey }),
    releaseRecord: {
      id: dns.releaseRecordId,
      name: hosts.release,
      publicKey: config.releaseKey,
      sealKey: sealKey.publicKeyPem,
    },
    image: config.image,
  };
}

/** Waits for an output of an update; a preview may never know it. */
function known<T>(output: Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
