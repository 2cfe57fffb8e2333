import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { openAuthority } from "../clouds/cloudflare/edge/certificates.ts";
import { buildAppImages, type Version } from "./app-image.ts";
import { run } from "./commands.ts";
import { type Database, startDatabase } from "./database.ts";
import { serverImage } from "./image.ts";
import { type Clouds, namesOf, openInternet, REGISTRY } from "./internet.ts";
import { Machine } from "./machine.ts";
import { serveMetadata } from "./metadata.ts";
import { INTERNET, Network } from "./network.ts";
import { edgeIdentity, openOrigin } from "./origin.ts";
import { Registry } from "./registry.ts";

/** What the Hetzner cloud says of its servers, past its API. */
const Server = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  userData: z.string(),
  location: z.string(),
  ipv4: z.string().nullable(),
  rules: z
    .array(z.object({ protocol: z.string(), port: z.string().nullable(), source_ips: z.array(z.string()) }))
    .nullable(),
  volumes: z.array(z.object({ id: z.number(), size: z.number() })),
  power: z.array(z.object({ id: z.number(), command: z.string() })),
});
type Server = z.infer<typeof Server>;

export interface Machines {
  /** What answers for the servers' addresses, for the edge. */
  originUrl: string;
  /** The app's releases, as image references by digest. */
  images: Record<Version, string>;
  database: Database;
  registry: Registry;
  network: Network;
  /** A server's machine by the server's id. */
  machine(id: number): Machine | undefined;
  /** Follows the Hetzner cloud from now on: boots what it creates, ends what it deletes. */
  follow(clouds: Clouds & { hetzner: { url: string } }): void;
  close(): Promise<void>;
}

interface Booted {
  machine: Machine;
  ip: string;
  rules: string;
  /** The last power action that was carried out. */
  power: number;
  metadata: { close(): void };
}

/**
 * Boots a real machine for each server of the Hetzner cloud: images, a network that leads nowhere else, a registry, a
 * database, and the way between the edge and the machines.
 */
export async function startMachines(world: string, note: (text: string) => void): Promise<Machines> {
  mkdirSync(join(world, "machines"), { recursive: true });
  // Short, as a socket's path has at most 107 characters.
  const sockets = mkdtempSync(join(tmpdir(), "quayside-vm-"));
  const image = await serverImage(note);
  const registry = new Registry();
  note("the app's images");
  const digests = await buildAppImages(registry, note);
  note("network, database");
  let clouds: (Clouds & { hetzner: { url: string } }) | undefined;
  // Opened once: two that find none would found two.
  const edgeAuthority = await openAuthority(world, "edge-ca", "CN=Rehearsed Internet CA");
  const [internet, identity] = await Promise.all([
    openInternet(edgeAuthority, sockets, registry, () => clouds),
    edgeIdentity(world),
  ]);
  const network = await Network.open(`qs${randomBytes(2).toString("hex")}`, sockets);
  const database = await startDatabase(sockets);
  const booted = new Map<number, Booted>();
  const devices = new Map<number, string>();
  const origin = await openOrigin({
    identity,
    originAuthority: () => readFileSync(join(world, "origin-ca.pem"), "utf8"),
    doorOf: (ip) => ([...booted.values()].some((each) => each.ip === ip) ? network.doorOf(ip) : undefined),
  });

  /** A volume as a loop disk; formatted when it is new, as Hetzner does it, and grown when the volume was. */
  const diskOf = async (id: number, gigabytes: number): Promise<string> => {
    const file = join(world, "machines", `volume-${id}.img`);
    const fresh = !existsSync(file);
    await run("truncate", "--size", `${gigabytes}G`, file);
    if (fresh) await run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", file);
    const device = devices.get(id) ?? (await run("losetup", "--find", "--show", file)).trim();
    if (devices.has(id)) await run("losetup", "--set-capacity", device);
    devices.set(id, device);
    return device;
  };

  const boot = async (server: Server, ip: string): Promise<void> => {
    const namespace = await network.link(server.id, ip);
    const metadata = await serveMetadata(sockets, { ...server, ipv4: ip });
    const machine = new Machine({
      id: server.id,
      name: server.name,
      dir: join(world, "machines", String(server.id)),
      image,
      namespace,
      world: {
        hosts: Object.fromEntries((clouds ? namesOf(clouds) : []).map((name) => [name, INTERNET])),
        authority: edgeAuthority.certificate,
        originPullAuthority: identity.authority,
      },
    });
    await machine.install();
    booted.set(server.id, { machine, ip, rules: "", power: server.power.at(-1)?.id ?? 0, metadata });
  };

  const settle = async (server: Server): Promise<void> => {
    const { id, ipv4, status } = server;
    if (ipv4 === null || ["initializing", "deleting"].includes(status)) return;
    if (!booted.has(id)) await boot(server, ipv4);
    const entry = booted.get(id);
    if (entry === undefined) return;
    const { machine } = entry;
    const rules = JSON.stringify(server.rules);
    if (entry.rules !== rules) {
      await network.protect(id, server.rules);
      entry.rules = rules;
    }
    for (const volume of server.volumes)
      if (!machine.volumes.includes(volume.id))
        await machine.attach(volume.id, await diskOf(volume.id, volume.size));
    for (const volume of machine.volumes)
      if (!server.volumes.some((each) => each.id === volume)) await machine.detach(volume);
    for (const action of server.power.filter((each) => each.id > entry.power)) {
      entry.power = action.id;
      if (action.command === "stop_server" || action.command === "reset_server") await machine.powerOff();
      if (action.command === "shutdown_server" || action.command === "reboot_server")
        await machine.shutdown();
    }
    if (status === "running" && !machine.on) await machine.powerOn();
  };

  const stopped = new AbortController();
  let following: Promise<void> = Promise.resolve();
  const follow = async (url: string): Promise<void> => {
    while (!stopped.signal.aborted) {
      const answer = await fetch(new URL("/_rehearsal/machines", url)).catch(() => undefined);
      const servers = answer?.ok ? z.array(Server).parse(await answer.json()) : undefined;
      if (servers !== undefined) {
        for (const [id, { machine, ip, metadata }] of booted) {
          if (servers.some((server) => server.id === id)) continue;
          booted.delete(id);
          await machine.destroy();
          metadata.close();
          await network.unlink(id, ip);
        }
        await Promise.all(servers.map(settle));
      }
      await delay(300, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };

  return {
    originUrl: origin.url,
    images: Object.fromEntries(
      Object.entries(digests).map(([name, digest]) => [name, `${REGISTRY}/app@${digest}`]),
    ) as Record<Version, string>,
    database,
    registry,
    network,
    machine: (id) => booted.get(id)?.machine,
    follow(known) {
      clouds = known;
      following = follow(known.hetzner.url);
      following.catch((error: unknown) => process.stderr.write(`machines: ${String(error)}\n`));
    },
    async close() {
      stopped.abort();
      await following.catch(() => undefined);
      for (const [id, { machine, ip, metadata }] of booted) {
        await machine.destroy();
        metadata.close();
        await network.unlink(id, ip);
      }
      for (const device of devices.values()) await run("losetup", "--detach", device);
      origin.close();
      internet.close();
      await database.close();
      await network.close();
      rmSync(sockets, { recursive: true, force: true });
    },
  };
}
