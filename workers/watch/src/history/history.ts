/** What one round of asking found of one part. */
export interface Probe {
  part: string;
  ok: boolean;
  /** What was wrong, in a few words for anybody. */
  why?: string;
}

/** What is remembered, as `/watch/history` says it. Public: it holds no more than any visitor could find out. */
export interface History {
  /** ISO 8601; null until the first round. */
  askedAt: string | null;
  /** The newest first. `date` is a day of UTC. */
  days: { date: string; parts: Record<string, { asked: number; ok: number }> }[];
  /** Times in which a part did not answer, the newest first; `to` is null while it goes on. ISO 8601. */
  outages: { part: string; from: string; to: string | null; why: string }[];
}

const MOST_DAYS = 90;
const MOST_OUTAGES = 100;

export const NO_HISTORY: History = { askedAt: null, days: [], outages: [] };

/** The history with one more round in it. Pure. */
export function withRound(history: History, probes: readonly Probe[], at: Date): History {
  const now = at.toISOString();
  const date = now.slice(0, 10);
  const [newest, ...older] = history.days;
  const today = newest?.date === date ? newest : undefined;
  const parts = { ...today?.parts };
  let outages = history.outages;
  for (const { part, ok, why } of probes) {
    const before = parts[part] ?? { asked: 0, ok: 0 };
    parts[part] = { asked: before.asked + 1, ok: before.ok + (ok ? 1 : 0) };
    const isOut = outages.some((outage) => outage.part === part && outage.to === null);
    if (ok && isOut)
      outages = outages.map((outage) =>
        outage.part === part && outage.to === null ? { ...outage, to: now } : outage,
      );
    if (!ok && !isOut)
      outages = [{ part, from: now, to: null, why: why ?? "It did not answer." }, ...outages];
  }
  return {
    askedAt: now,
    days: [{ date, parts }, ...(today ? older : history.days)].slice(0, MOST_DAYS),
    outages: outages.slice(0, MOST_OUTAGES),
  };
}
