import { join, resolve } from "node:path";
import type { Listening } from "./base/serve.ts";
import { startCloudflare } from "./cloudflare/start.ts";
import { startDoppler } from "./doppler/start.ts";
import { startEsc } from "./esc/start.ts";
import { startGithub } from "./github/start.ts";
import { type RunningHetzner, startHetzner } from "./hetzner/start.ts";
import { startNeon } from "./neon/start.ts";
import { keepPorts, onPort, type Ports, portsOf } from "./ports.ts";
import { resolveTxt } from "./resolve-txt.ts";
import { tokensOf } from "./tokens.ts";
import { trustFor } from "./trust.ts";
import { lockWorld } from "./world-lock.ts";

/** One cloud as its official client wants it: `url` with the path that comes after the provider's host, if any. */
export interface CloudAddress {
  url: string;
  token: string;
}

/** Where everything is; the JSON line of `npm run clouds -- --json`. */
export interface CloudAddresses {
  hetzner: CloudAddress & { readToken: string };
  cloudflare: CloudAddress & {
    readToken: string;
    accountId: string;
    zoneId: string;
    /** A second account, without a zone, and the token that writes there. */
    previewAccountId: string;
    previewToken: string;
  };
  github: CloudAddress & {
    repository: string;
    gitDir: string;
    idTokenRequestUrl: string;
    idTokenRequestToken: string;
  };
  esc: CloudAddress & { org: string };
  neon: CloudAddress;
  doppler: CloudAddress;
  /** The rehearsed internet: an HTTP proxy, and the file with the CA behind its certificates. */
  edge: { url: string; ca: string };
  /** gRPC ports of the stand-ins, by provider name. */
  providers?: { hcloud: number; cloudflare: number; tls: number };
}

export interface RunningClouds {
  addresses: CloudAddresses;
  close(): Promise<void>;
}

export interface CloudsOptions {
  /** The folder that holds the world; made when it is not there. */
  world: string;
  /** Milliseconds that every call takes longer. */
  latencyMs?: number;
  /** Ports to use; without them those of last time, else any. */
  ports?: Ports;
  /** Starts the stand-ins for Pulumi's provider plugins too. */
  providers?: boolean;
  /** Nothing is set up yet: the organization at Pulumi trusts nobody, and the repository at GitHub was made just now. */
  empty?: boolean;
  /** What answers on the servers instead of the origin stand-in: a base URL. */
  originUrl?: string | undefined;
}

const PROJECT = "quayside";
/** Who begins with nothing has a domain, and not the example's. */
const OWN_DOMAIN = "harbour.example";

/**
 * Starts all clouds in this process. A world keeps its tokens and its ports, so that one that is started again, even after
 * a kill -9, is found where it was, as it was.
 *
 * @throws UserError `world-in-use` when another process runs clouds in the same folder
 */
export async function startClouds(options: CloudsOptions): Promise<RunningClouds> {
  const { latencyMs = 0 } = options;
  const world = resolve(options.world);
  const started: { close(): unknown }[] = [];
  const starting: Promise<unknown>[] = [];
  const close = async () => {
    // The last to start is the first to end: nobody loses what it depends on.
    for (const part of started.splice(0).reverse()) await part.close();
  };
  const keep = async <T extends { close(): unknown }>(part: Promise<T>): Promise<T> => {
    starting.push(part);
    const running = await part;
    started.push(running);
    return running;
  };
  const lock = lockWorld(world);
  started.push({ close: () => lock.release() });
  try {
    const tokens = tokensOf(world);
    const ports = { ...portsOf(world), ...options.ports };
    const common = { world, latencyMs };
    const start = <T extends Listening>(port: number | undefined, begin: (port: number) => Promise<T>) =>
      keep(onPort(port, begin));

    const [hetzner, github, neon, doppler] = await Promise.all([
      start(ports.hetzner, (port) => startHetzner({ ...common, port, tokens: tokens.hetzner })),
      start(ports.github, (port) =>
        startGithub({
          ...common,
          port,
          token: tokens.github,
          ...(options.empty ? { immutableSubject: true } : {}),
        }),
      ),
      start(ports.neon, (port) => startNeon({ ...common, port, token: tokens.neon })),
      start(ports.doppler, (port) => startDoppler({ ...common, port, token: tokens.doppler })),
    ]);
    let edgeUrl = "";
    const originUrl = options.originUrl ?? (await startOriginFor(world, hetzner, () => edgeUrl, keep));
    const [cloudflare, esc] = await Promise.all([
      keep(
        startCloudflareOn(ports, (port, edgePort) =>
          startCloudflare({
            ...common,
            port,
            edgePort,
            tokens: tokens.cloudflare,
            secondToken: tokens.cloudflarePreviews,
            ...(options.empty ? { zones: [{ name: OWN_DOMAIN }] } : {}),
            resolveOrigin: async (ip) => (isReachable(hetzner, ip) ? originUrl : undefined),
          }),
        ),
      ),
      start(ports.esc, (port) =>
        startEsc({
          ...common,
          port,
          token: tokens.esc,
          organization: PROJECT,
          ...(options.empty ? {} : { trust: trustFor(github.repository, PROJECT) }),
          verifyOidc: (jwt) => github.verifyOidc(jwt),
        }),
      ),
    ]);
    edgeUrl = cloudflare.edge.url;
    keepPorts(world, {
      hetzner: hetzner.port,
      cloudflare: cloudflare.port,
      edge: Number(new URL(edgeUrl).port),
      github: github.port,
      esc: esc.port,
      neon: neon.port,
      doppler: doppler.port,
    });

    const addresses: CloudAddresses = {
      hetzner: {
        url: `${hetzner.url}/v1`,
        token: tokens.hetzner.write,
        readToken: tokens.hetzner.read,
      },
      cloudflare: {
        url: `${cloudflare.url}/client/v4`,
        token: tokens.cloudflare.write,
        readToken: tokens.cloudflare.read,
        accountId: cloudflare.accountId,
        zoneId: cloudflare.zoneId,
        previewAccountId: cloudflare.secondAccountId ?? "",
        previewToken: tokens.cloudflarePreviews,
      },
      github: {
        url: github.url,
        token: github.token,
        repository: github.repository,
        gitDir: github.gitDir,
        idTokenRequestUrl: github.idTokenRequestUrl,
        idTokenRequestToken: github.idTokenRequestToken,
      },
      // Pulumi's and Doppler's clients take a host and add `/api` and `/v3` themselves.
      esc: { url: esc.url, token: tokens.esc, org: esc.org },
      neon: { url: `${neon.url}/api/v2`, token: tokens.neon },
      doppler: { url: doppler.url, token: tokens.doppler },
      // The cloud writes its CA there too; clients want a file.
      edge: { url: edgeUrl, ca: join(world, "edge-ca.pem") },
    };
    if (options.providers) {
      const { startStandIns } = await import("../stand-ins/start.ts");
      const {
        hcloud,
        cloudflare: edge,
        tls,
      } = await keep(startStandIns({ hcloud: addresses.hetzner, cloudflare: addresses.cloudflare }));
      addresses.providers = { hcloud, cloudflare: edge, tls };
    }
    return { addresses, close };
  } catch (error) {
    // What was under way beside the part that failed comes up first, so that it can be ended too.
    await Promise.allSettled(starting);
    await close();
    throw error;
  }
}

/** Cloudflare has two ports; when one of them is taken by somebody else, both are given up. */
function startCloudflareOn<T>(
  ports: Ports,
  begin: (port: number, edgePort: number) => Promise<T>,
): Promise<T> {
  return onPort(ports.cloudflare ?? ports.edge, (wanted) =>
    wanted === 0 ? begin(0, 0) : begin(ports.cloudflare ?? 0, ports.edge ?? 0),
  );
}

/** Whether somebody answers at an address: a running server, with a firewall that lets HTTPS in. */
function isReachable(hetzner: RunningHetzner, ip: string): boolean {
  const server = hetzner.findServerByIp(ip);
  return server?.status === "running" && server.firewallAllows443;
}

async function startOriginFor(
  world: string,
  hetzner: RunningHetzner,
  edgeUrl: () => string,
  keep: <T extends { close(): unknown }>(part: Promise<T>) => Promise<T>,
): Promise<string> {
  const { startOrigin } = await import("../origin/start.ts");
  const origin = await keep(
    startOrigin({
      world,
      findServer: (ip) => hetzner.findServerByIp(ip),
      resolveTxt: (name) => resolveTxt(edgeUrl(), name),
    }),
  );
  return origin.url;
}
