import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { Context } from "../context.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { describeStray, type Stray, straysOf } from "../release/live.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { outputsBefore } from "../stack/outputs.ts";
import type { OpenedStack } from "./environment.ts";
import { readLive } from "./read-live.ts";

/**
 * What of the last release is not live any more, for a deployment that puts it back. Nobody's change is undone in
 * silence: each part is told.
 */
export async function findStrays(
  { reporter }: Context,
  { secrets }: OpenedStack,
  last: ReleaseManifest | undefined,
  events: readonly EngineEvent[],
): Promise<Stray[]> {
  // As the last update left them: what this deployment would change is no drift.
  const outputs = outputsBefore(events);
  if (!last || !outputs) return [];
  const api = cloudflare(secrets.require("CLOUDFLARE_API_TOKEN"), secrets.get("CLOUDFLARE_BASE_URL"));
  const strays = straysOf(last, await readLive(api, outputs, last));
  for (const stray of strays) reporter.warn(`${describeStray(stray)} It is deployed again.`);
  return strays;
}
