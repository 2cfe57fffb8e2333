import type { Labels } from "./labels.ts";

/** The documents that a world keeps, by kind. Times are milliseconds since 1970 unless they are called `created`. */
export interface ServerDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  serverType: string;
  location: string;
  /** Image id of the catalogue. */
  image: number;
  userData: string;
  /** What the status is from which moment on, in order of time: so that a start goes on while the cloud is off. */
  statuses: { from: number; status: ServerStatus }[];
  protection: { delete: boolean; rebuild: boolean };
  networks: { network: number; ip: string; aliasIps: string[]; macAddress: string }[];
  /** Firewalls that were applied to this very server, with the moment when they are in force. */
  firewalls: { id: number; from: number }[];
  placementGroup: number | null;
  backupWindow: string | null;
  primaryDiskSize: number;
}
export type ServerStatus =
  | "initializing"
  | "starting"
  | "running"
  | "stopping"
  | "off"
  | "deleting"
  | "rebuilding"
  | "migrating";

export interface VolumeDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  size: number;
  location: string;
  format: "ext4" | "xfs" | null;
  server: number | null;
  availableFrom: number;
  protection: { delete: boolean };
}

export interface NetworkDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  ipRange: string;
  subnets: {
    type: string;
    ip_range: string;
    network_zone: string;
    gateway: string;
    vswitch_id: number | null;
  }[];
  routes: { destination: string; gateway: string }[];
  protection: { delete: boolean };
  exposeRoutesToVswitch: boolean;
}

export interface FirewallRule {
  direction: "in" | "out";
  protocol: "tcp" | "udp" | "icmp" | "esp" | "gre";
  port: string | null;
  source_ips: string[];
  destination_ips: string[];
  description: string | null;
}
export interface FirewallDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  rules: FirewallRule[];
  /** Label selectors that it is applied by; servers hold their own firewalls. */
  selectors: string[];
}

export interface PrimaryIpDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  type: "ipv4" | "ipv6";
  /** `203.0.113.1`, or the block `2001:db8:1::/64`. */
  ip: string;
  location: string;
  assignee: number | null;
  autoDelete: boolean;
  protection: { delete: boolean };
  dnsPtr: { ip: string; dns_ptr: string }[];
}

export interface PlacementGroupDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  type: "spread";
}

export interface SshKeyDocument {
  id: number;
  name: string;
  created: string;
  labels: Labels;
  fingerprint: string;
  publicKey: string;
}

/** What an action does to the world at the moment when it is finished. */
export type Effect =
  | { kind: "attach-volume"; volume: number; server: number }
  | { kind: "detach-volume"; volume: number }
  | { kind: "resize-volume"; volume: number; size: number }
  | { kind: "assign-ip"; ip: number; server: number }
  | { kind: "unassign-ip"; ip: number }
  | { kind: "change-type"; server: number; serverType: string; disk: number }
  | { kind: "rebuild"; server: number; image: number; userData: string }
  | { kind: "delete-server"; server: number };

export interface ActionDocument {
  id: number;
  command: string;
  started: number;
  finishes: number;
  resources: { id: number; type: ResourceType }[];
  /** While it runs, its resources refuse other actions. */
  locks: boolean;
  effect: Effect | null;
}
export type ResourceType = "server" | "volume" | "network" | "firewall" | "primary_ip" | "placement_group";
