import { createHash } from "node:crypto";
import type { Script, Version } from "../model.ts";
import type { CloudState } from "../state.ts";
import type { Visit } from "./visit.ts";

/** Pins a visitor to a version: https://developers.cloudflare.com/workers/versions-and-deployments/gradual-deployments/#version-affinity */
const KEY_HEADER = "cloudflare-workers-version-key";
const OVERRIDE_HEADER = "cloudflare-workers-version-overrides";

/** The version of a script's active deployment that answers this visit, by the deployment's percentages. */
export function chooseVersion(state: CloudState, script: Script, visit: Visit): Version | undefined {
  const active = state.deployments(script.name).list().at(-1);
  if (!active) return undefined;
  const versions = state.versions(script.name);
  const override = new RegExp(`(?:^|[,\\s])${script.name}="([0-9a-f-]{36})"`).exec(
    visit.headers.get(OVERRIDE_HEADER) ?? "",
  )?.[1];
  // An override counts only for versions of the active deployment.
  if (override && active.versions.some(({ version_id }) => version_id === override))
    return versions.get(override);
  const key = visit.headers.get(KEY_HEADER);
  let point = key === null ? Math.random() * 100 : percentOf(`${script.name}:${key}`);
  for (const { version_id, percentage } of active.versions) {
    if (point < percentage) return versions.get(version_id);
    point -= percentage;
  }
  return versions.get(active.versions.at(-1)?.version_id ?? "");
}

function percentOf(key: string): number {
  return (createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32) * 100;
}
