import { randomBytes, randomUUID } from "node:crypto";

/** Cloudflare's identifiers of zones, records, rulesets, scripts: 32 hexadecimal digits. */
export function hexId(): string {
  return randomBytes(16).toString("hex");
}

/** Worker versions, deployments, Pages deployments, D1 databases have UUIDs. */
export function uuid(): string {
  return randomUUID();
}
