/**
 * What the cloud remembers, in Cloudflare's own field names. Documents are answered as they are kept
 * unless they hold something that the API does not show (secrets, blobs).
 */
export type Plan = "free" | "pro";

export interface Zone {
  id: string;
  name: string;
  status: "active" | "pending";
  paused: boolean;
  type: "full";
  plan: Plan;
  created_on: string;
  modified_on: string;
}

export interface ZoneSetting {
  id: string;
  value: unknown;
  modified_on: string | null;
}

export interface DnsRecord {
  id: string;
  name: string;
  type: string;
  content: string;
  proxiable: boolean;
  proxied: boolean;
  ttl: number;
  priority?: number;
  data?: Record<string, unknown>;
  settings: Record<string, unknown>;
  meta: Record<string, unknown>;
  comment: string | null;
  tags: string[];
  created_on: string;
  modified_on: string;
  comment_modified_on?: string;
}

export interface Rule {
  id: string;
  ref: string;
  version: string;
  action: string;
  expression: string;
  description?: string;
  enabled: boolean;
  last_updated: string;
  action_parameters?: Record<string, unknown>;
  ratelimit?: RateLimit;
  logging?: { enabled: boolean };
}

export interface RateLimit {
  characteristics: string[];
  /** Seconds. */
  period: number;
  requests_per_period?: number;
  /** Seconds. */
  mitigation_timeout?: number;
  counting_expression?: string;
  requests_to_origin?: boolean;
}

export interface Ruleset {
  id: string;
  zone_id: string;
  name: string;
  description: string;
  kind: string;
  phase: string;
  version: string;
  last_updated: string;
  rules: Rule[];
}

export interface OriginCertificate {
  id: string;
  certificate: string;
  csr: string;
  hostnames: string[];
  request_type: string;
  /** Days. */
  requested_validity: number;
  expires_on: string;
  revoked_at?: string;
}

export interface KvNamespace {
  id: string;
  title: string;
  supports_url_encoding: boolean;
}

export interface D1Database {
  uuid: string;
  name: string;
  version: string;
  created_at: string;
  read_replication: { mode: string };
}

export interface Queue {
  queue_id: string;
  queue_name: string;
  created_on: string;
  modified_on: string;
  settings: { delivery_delay: number; delivery_paused: boolean; message_retention_period: number };
}

export interface QueueConsumer {
  consumer_id: string;
  queue_id: string;
  type: string;
  script_name: string;
  dead_letter_queue?: string;
  created_on: string;
  settings: { batch_size: number; max_retries: number; max_wait_time_ms: number; retry_delay: number };
}

export interface R2Bucket {
  name: string;
  creation_date: string;
  location: string;
  jurisdiction: string;
  storage_class: string;
  /** The rules of its lifecycle as they were put: they are kept and shown, and nothing ages here. */
  lifecycle?: LifecycleRule[];
}

export interface LifecycleRule {
  id: string;
  enabled: boolean;
  [key: string]: unknown;
}

/** One binding of a Worker as wrangler's `metadata` says it; secrets have their text and are never answered. */
export interface WorkerBinding {
  type: string;
  name: string;
  [key: string]: unknown;
}

export interface WorkerModule {
  name: string;
  type: string;
  blob: string;
}

export interface Script {
  name: string;
  tag: string;
  created_on: string;
  modified_on: string;
  workersDev: { enabled: boolean; previews_enabled: boolean };
  settings: { logpush: boolean; tags: string[]; observability: unknown; tail_consumers: unknown };
  schedules: { cron: string; created_on: string; modified_on: string }[];
  migrationTag?: string;
  /** Durable Object classes by name, as the migrations so far made them. */
  classes: Record<string, { namespaceId: string; sqlite: boolean }>;
  lastVersion: number;
}

export interface Version {
  id: string;
  number: number;
  script: string;
  created_on: string;
  source: string;
  annotations: Record<string, string>;
  mainModule: string;
  modules: WorkerModule[];
  bindings: WorkerBinding[];
  compatibilityDate: string;
  compatibilityFlags: string[];
  etag: string;
  handlers: string[];
  migrationTag?: string;
  previews: boolean;
  assets?: { manifest: Record<string, string>; config: Record<string, unknown> };
}

export interface Deployment {
  id: string;
  script: string;
  source: string;
  strategy: "percentage";
  author_email: string;
  created_on: string;
  annotations: Record<string, string>;
  versions: { version_id: string; percentage: number }[];
}

export interface WorkerRoute {
  id: string;
  pattern: string;
  script: string | null;
}

export interface WorkerDomain {
  id: string;
  zone_id: string;
  zone_name: string;
  hostname: string;
  service: string;
  environment: string;
  cert_id: string;
}

export interface PagesProject {
  id: string;
  name: string;
  subdomain: string;
  production_branch: string;
  created_on: string;
  build_config: Record<string, unknown>;
  deployment_configs: Record<string, unknown>;
  canonical?: string;
}

export interface PagesDomain {
  id: string;
  name: string;
  created_on: string;
  zone_tag: string;
}

export interface PagesDeployment {
  id: string;
  short_id: string;
  project: string;
  environment: "production" | "preview";
  branch: string;
  created_on: string;
  commit: { hash: string; message: string; dirty: boolean };
  /** Path → asset hash. */
  manifest: Record<string, string>;
  headers?: string;
  redirects?: string;
}

/** An uploaded Pages asset; by the hash that the client computed, which is its name. */
export interface PagesAsset {
  blob: string;
  contentType: string;
}
