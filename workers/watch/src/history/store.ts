import * as z from "zod/mini";
import { type History, NO_HISTORY, type Probe, withRound } from "./history.ts";

const KEY = "history";

const Stored = z.object({
  askedAt: z.nullable(z.string()),
  days: z.array(
    z.object({
      date: z.string(),
      parts: z.record(z.string(), z.object({ asked: z.number(), ok: z.number() })),
    }),
  ),
  outages: z.array(
    z.object({ part: z.string(), from: z.string(), to: z.nullable(z.string()), why: z.string() }),
  ),
});

/** What is remembered; nothing, where what is stored can't be read, as a page without history is better than none. */
export async function readHistory(kv: KVNamespace): Promise<History> {
  const parsed = Stored.safeParse(await kv.get(KEY, "json").catch(() => undefined));
  return parsed.success ? parsed.data : NO_HISTORY;
}

/**
 * Adds a round. Only the schedule writes, one round after the other; KV may still give the round before the last within a
 * minute of a write (https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency), and rounds are further apart.
 */
export async function remember(kv: KVNamespace, probes: readonly Probe[], at: Date): Promise<void> {
  await kv.put(KEY, JSON.stringify(withRound(await readHistory(kv), probes, at)));
}
