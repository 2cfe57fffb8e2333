import type { Collection, Store } from "../base/store.ts";
import { HetznerError, notFound } from "./error.ts";
import type {
  ActionDocument,
  FirewallDocument,
  NetworkDocument,
  PlacementGroupDocument,
  PrimaryIpDocument,
  ServerDocument,
  SshKeyDocument,
  VolumeDocument,
} from "./model.ts";

/** One project of Hetzner Cloud, which is what a token opens: its resources, and the clock that they live by. */
export interface Project {
  store: Store;
  now(): number;
  /** How long an action takes, in milliseconds. */
  actionMs: number;
  limits: { [kind in Kind]?: number };
  servers: Collection<ServerDocument>;
  volumes: Collection<VolumeDocument>;
  networks: Collection<NetworkDocument>;
  firewalls: Collection<FirewallDocument>;
  primaryIps: Collection<PrimaryIpDocument>;
  placementGroups: Collection<PlacementGroupDocument>;
  sshKeys: Collection<SshKeyDocument>;
  actions: Collection<ActionDocument>;
  /** Ids of the actions whose end has not been brought about yet. */
  unsettled: Collection<number>;
}
export type Kind =
  | "servers"
  | "volumes"
  | "networks"
  | "firewalls"
  | "primaryIps"
  | "placementGroups"
  | "sshKeys";

/** What a kind is called in messages, and the number that its ids start at. */
const KINDS: { [kind in Kind]: { word: string; firstId: number } } = {
  servers: { word: "server", firstId: 42_000_001 },
  volumes: { word: "volume", firstId: 101_000_001 },
  networks: { word: "network", firstId: 4_700_001 },
  firewalls: { word: "firewall", firstId: 1_500_001 },
  primaryIps: { word: "primary IP", firstId: 61_000_001 },
  placementGroups: { word: "placement group", firstId: 380_001 },
  sshKeys: { word: "SSH key", firstId: 22_000_001 },
};

/** A new account's project limits are of this order; Hetzner raises them on request. */
export const DEFAULT_LIMITS: { [kind in Kind]: number } = {
  servers: 10,
  volumes: 20,
  networks: 50,
  firewalls: 50,
  primaryIps: 40,
  placementGroups: 50,
  sshKeys: 40,
};

export function openProject(
  store: Store,
  options: { now: () => Date; actionMs: number; limits?: { [kind in Kind]?: number } },
): Project {
  return {
    store,
    now: () => options.now().getTime(),
    actionMs: options.actionMs,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    servers: store.collection("servers"),
    volumes: store.collection("volumes"),
    networks: store.collection("networks"),
    firewalls: store.collection("firewalls"),
    primaryIps: store.collection("primaryIps"),
    placementGroups: store.collection("placementGroups"),
    sshKeys: store.collection("sshKeys"),
    actions: store.collection("actions"),
    unsettled: store.collection("unsettled"),
  };
}

export function nextId(project: Project, kind: Kind): number {
  return project.store.next(kind, KINDS[kind].firstId);
}

/** @throws HetznerError `not_found` */
export function requireDocument<K extends Kind>(
  project: Project,
  kind: K,
  id: number | string,
): NonNullable<ReturnType<Project[K]["get"]>> {
  const document = project[kind].get(id);
  if (document === undefined) throw notFound(KINDS[kind].word, id);
  return document as NonNullable<ReturnType<Project[K]["get"]>>;
}

/** Names are unique in a project, a kind at a time. @throws HetznerError `uniqueness_error` */
export function assertNameIsFree(project: Project, kind: Kind, name: string, self?: number): void {
  const documents: { id: number; name: string }[] = project[kind].list();
  if (documents.some((each) => each.name === name && each.id !== self))
    throw new HetznerError("uniqueness_error", `${KINDS[kind].word} name is already used`, {
      fields: [{ name: "name", messages: ["name is already used"] }],
    });
}

/** @throws HetznerError `resource_limit_exceeded` */
export function assertBelowLimit(project: Project, kind: Kind): void {
  const limit = project.limits[kind];
  if (limit !== undefined && project[kind].list().length >= limit)
    throw new HetznerError("resource_limit_exceeded", `${KINDS[kind].word} limit exceeded`, {
      limits: [{ name: `${KINDS[kind].word.replaceAll(" ", "_").toLowerCase()}_limit` }],
    });
}

/** @throws HetznerError `protected` */
export function assertNotProtected(kind: Kind, document: { protection: { delete: boolean } }): void {
  if (document.protection.delete)
    throw new HetznerError("protected", `${KINDS[kind].word} deletion is protected`);
}

export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}
