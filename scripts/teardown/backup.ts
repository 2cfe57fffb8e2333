import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RestApi } from "../providers/rest.ts";
import { exportCheckpoint } from "../stack/checkpoint.ts";
import type { StackTarget } from "../stack/target.ts";

/** Below the repository's root; git leaves it alone. */
export const BACKUPS = ".backups";

/**
 * Keeps what can't be had any more afterwards: the state, with its secrets encrypted as they are, and the zone's records.
 *
 * @returns the folder, relative to the root
 */
export async function backUp(
  root: string,
  target: StackTarget,
  cloudflare: RestApi,
  zoneId: string | undefined,
  now: Date,
): Promise<string> {
  const folder = join(BACKUPS, `${target.name}-${now.toISOString().replaceAll(/[:.]/g, "-")}`);
  mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  const keep = (name: string, content: unknown) =>
    writeFileSync(join(root, folder, name), `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  keep("state.json", await exportCheckpoint(target));
  if (zoneId !== undefined)
    keep(
      "dns-records.json",
      await cloudflare.call("GET", `/zones/${zoneId}/dns_records?per_page=500`, z.unknown()),
    );
  return folder;
}
