import { join } from "node:path";
import { type Collection, openStore, type Store } from "../base/store.ts";
import { type Blobs, openBlobs } from "./blobs.ts";
import { ApiError } from "./envelope.ts";
import { hexId } from "./ids.ts";
import type * as model from "./model.ts";

/** What API and edge share: the durable state of one Cloudflare account, and the clock. */
export interface CloudState {
  readonly world: string;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly accountId: string;
  readonly accountName: string;
  /** `<subdomain>.workers.dev` */
  readonly workersSubdomain: string;
  now(): Date;
  timestamp(): string;
  zone(id: string): model.Zone;
  zones(): model.Zone[];
  addZone(name: string): model.Zone;
  changeZone(zone: model.Zone): model.Zone;
  removeZone(id: string): void;
  /** The zone that a hostname lies in. */
  zoneOf(hostname: string): model.Zone | undefined;
  dns(zoneId: string): Collection<model.DnsRecord>;
  rulesets(zoneId: string): Collection<model.Ruleset>;
  routes(zoneId: string): Collection<model.WorkerRoute>;
  settings(zoneId: string): Collection<model.ZoneSetting>;
  scripts: Collection<model.Script>;
  versions(script: string): Collection<model.Version>;
  deployments(script: string): Collection<model.Deployment>;
  domains: Collection<model.WorkerDomain>;
  kv: Collection<model.KvNamespace>;
  d1: Collection<model.D1Database>;
  queues: Collection<model.Queue>;
  consumers: Collection<model.QueueConsumer>;
  r2: Collection<model.R2Bucket>;
  pagesProjects: Collection<model.PagesProject>;
  pagesDomains(project: string): Collection<model.PagesDomain>;
  pagesDeployments(project: string): Collection<model.PagesDeployment>;
  pagesAssets: Collection<model.PagesAsset>;
  certificates: Collection<model.OriginCertificate>;
  /** Called after anything that the edge's Worker runtime must know of has changed. */
  onWorkersChanged: (listener: () => void) => void;
  workersChanged(): void;
  close(): void;
}

function collection<T>(store: Store, name: string) {
  return store.collection<T>(name);
}

export interface StateOptions {
  world: string;
  accountId?: string | undefined;
  workersSubdomain?: string | undefined;
  zones?: { name: string }[] | undefined;
  plan?: model.Plan | undefined;
  now?: (() => Date) | undefined;
}

/** Opens the account of a world, or founds it with its zones, which are active from the start. */
export function openState(options: StateOptions): CloudState {
  const store = openStore(options.world, "cloudflare");
  const now = options.now ?? (() => new Date());
  const timestamp = () => now().toISOString();
  const meta = store.collection<{ value: string }>("meta");
  const accountId =
    options.accountId ?? (meta.get("account") ?? meta.put("account", { value: hexId() })).value;
  const zones = store.collection<model.Zone>("zones");
  const addZone = (name: string) => {
    const id = hexId();
    return zones.put(id, {
      id,
      name,
      status: "active",
      paused: false,
      type: "full",
      plan: options.plan ?? "free",
      created_on: timestamp(),
      modified_on: timestamp(),
    });
  };
  for (const { name } of options.zones ?? [{ name: "example.com" }])
    if (!zones.list().some((zone) => zone.name === name)) addZone(name);
  const listeners: (() => void)[] = [];
  return {
    world: options.world,
    store,
    blobs: openBlobs(join(options.world, "cloudflare-blobs")),
    accountId,
    accountName: "Quayside",
    workersSubdomain: options.workersSubdomain ?? "quayside",
    now,
    timestamp,
    zone(id) {
      const zone = zones.get(id);
      if (!zone) throw new ApiError(404, 1001, "Invalid zone identifier");
      return zone;
    },
    zones: () => zones.list(),
    addZone,
    changeZone: (zone) => zones.put(zone.id, zone),
    removeZone: (id) => void zones.delete(id),
    zoneOf: (hostname) =>
      zones
        .list()
        .filter((zone) => hostname === zone.name || hostname.endsWith(`.${zone.name}`))
        .sort((a, b) => b.name.length - a.name.length)[0],
    dns: (zoneId) => collection(store, `dns:${zoneId}`),
    rulesets: (zoneId) => collection(store, `rulesets:${zoneId}`),
    routes: (zoneId) => collection(store, `routes:${zoneId}`),
    settings: (zoneId) => collection(store, `settings:${zoneId}`),
    scripts: collection(store, "scripts"),
    versions: (script) => collection(store, `versions:${script}`),
    deployments: (script) => collection(store, `deployments:${script}`),
    domains: collection(store, "worker-domains"),
    kv: collection(store, "kv-namespaces"),
    d1: collection(store, "d1-databases"),
    queues: collection(store, "queues"),
    consumers: collection(store, "queue-consumers"),
    r2: collection(store, "r2-buckets"),
    pagesProjects: collection(store, "pages-projects"),
    pagesDomains: (project) => collection(store, `pages-domains:${project}`),
    pagesDeployments: (project) => collection(store, `pages-deployments:${project}`),
    pagesAssets: collection(store, "pages-assets"),
    certificates: collection(store, "origin-certificates"),
    onWorkersChanged: (listener) => void listeners.push(listener),
    workersChanged: () => {
      for (const listener of listeners) listener();
    },
    close: () => store.close(),
  };
}
