import { setTimeout as delay } from "node:timers/promises";
import type { HetznerInventory } from "../providers/hetzner-inventory.ts";
import type { Checkpoint } from "../stack/checkpoint.ts";

export const SERVER = "hcloud:index/server:Server";

/** A server gets a new type within minutes, and refuses to be switched on until it has it. */
const LIMIT_MS = 5 * 60_000;
const PAUSE_MS = 2_000;
const ON = new Set(["running", "starting", "initializing"]);

/**
 * Switches servers on. A change of a server's type or address switches it off first, and the provider on again at its
 * end: one that was cut off in between leaves it off, and the next one takes it as it finds it.
 *
 * @param checkpoint the state after the update
 * @param urns of the servers that an update may have left off; what is no server, or is gone, is passed over
 * @param pauseMs between two looks at a server that can't be switched on yet
 * @returns a line for each, for people
 * @throws UserError `hetzner-refused`, `hetzner-unreachable`
 */
export async function startServers(
  checkpoint: Checkpoint,
  urns: readonly string[],
  hetzner: HetznerInventory,
  signal?: AbortSignal,
  pauseMs: number = PAUSE_MS,
): Promise<string[]> {
  const servers = checkpoint.deployment.resources.filter(
    ({ urn, type, id, delete: dying }) => type === SERVER && id && !dying && urns.includes(urn),
  );
  const lines = servers.map(async ({ urn, id }) => {
    const told = await startOne(Number(id), hetzner, signal, pauseMs);
    return told === undefined ? [] : [`Server ${urn.split("::").at(-1)} (${id}) ${told}`];
  });
  return (await Promise.all(lines)).flat();
}

async function startOne(
  id: number,
  hetzner: HetznerInventory,
  signal: AbortSignal | undefined,
  pauseMs: number,
): Promise<string | undefined> {
  const until = performance.now() + LIMIT_MS;
  for (;;) {
    const status = await hetzner.serverStatus(id);
    if (status === undefined || ON.has(status)) return undefined;
    if (status === "off" && (await hetzner.switchOn(id)))
      return "had been left switched off: it is switched on";
    if (performance.now() > until) return `can't be switched on: Hetzner still works on it (${status})`;
    await delay(pauseMs, undefined, signal ? { signal } : {});
  }
}
