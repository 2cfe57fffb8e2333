import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import type { Reporter } from "../../terminal/reporter.ts";
import { deadOrigin, type Origin } from "./origin.ts";
import { type Post, postAll } from "./post.ts";
import { startRuntime } from "./runtime.ts";

export interface LoadOptions {
  root: string;
  posts: number;
  /** How many times as fast as the real one the Worker's clock runs. */
  speed: number;
  reporter: Reporter;
  signal: AbortSignal;
}

/** What `npm run load:intake -- --json` prints. */
export interface LoadResult {
  /** Posts that were answered 202. */
  posts: number;
  /** Of these, those that the application has. */
  delivered: number;
  /** Messages that the application has more than once. */
  duplicates: number;
  lost: number;
  /** Accepted posts a second, while the origin was dead. */
  rps: number;
  p99_ms: number;
}

const OUTAGE_MS = 3_600_000;
/** Once the origin lives a message arrives in so many real milliseconds after the one before it, or not at all. */
const ARRIVAL_LIMIT_MS = 60_000;
const POLL_MS = 50;

/**
 * The origin is dead for an hour of the Worker's time; people go on posting. Then it lives, and each message must be there
 * once, each sender's in the order in which he sent them.
 *
 * @throws UserError `load-failed` when a message is lost, doubled or out of order
 */
export async function loadIntake(options: LoadOptions): Promise<LoadResult> {
  const { reporter, signal, speed, posts } = options;
  const signingKey = randomBytes(32).toString("hex");
  const origin = await deadOrigin(signingKey);
  try {
    const runtime = await reporter.step("The Worker in workerd, the origin dead", () =>
      startRuntime(options.root, { backendUrl: origin.url, signingKey, speed }),
    );
    try {
      const died = performance.now();
      const accepted = await reporter.step(`${posts} posts`, (note) =>
        postAll(runtime.url, posts, { signal, onProgress: (done) => note(String(done)) }),
      );
      const seconds = (performance.now() - died) / 1000;
      await reporter.step("The rest of the hour without an origin", () =>
        delay(Math.max(0, OUTAGE_MS / speed - (performance.now() - died)), undefined, { signal }),
      );
      await reporter.step("The origin lives: all must arrive", (note) =>
        arrival(origin, accepted.length, note, signal),
      );
      const arrived = compare(accepted, origin);
      reporter.say(`${origin.repeated()} deliveries were repeated, and known by their id.`);
      const milliseconds = accepted.map(({ ms }) => ms).sort((a, b) => a - b);
      return {
        ...arrived,
        rps: Math.round(accepted.length / seconds),
        p99_ms: Math.round(percentile(milliseconds, 0.99)),
      };
    } finally {
      await runtime.close();
    }
  } finally {
    await origin.close();
  }
}

async function arrival(
  origin: Origin,
  expected: number,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await origin.revive();
  let before = -1;
  let since = performance.now();
  while (origin.stored() < expected && performance.now() - since < ARRIVAL_LIMIT_MS) {
    const stored = origin.stored();
    if (stored !== before) since = performance.now();
    before = stored;
    note(String(stored));
    await delay(POLL_MS, undefined, { signal });
  }
}

function compare(accepted: readonly Post[], { inbox }: Origin): Omit<LoadResult, "rps" | "p99_ms"> {
  const sent = Map.groupBy(accepted, ({ sender }) => sender);
  const found = [...inbox.values()].flat();
  const distinct = new Set(found);
  const delivered = accepted.filter(({ text }) => distinct.has(text)).length;
  const figures = {
    posts: accepted.length,
    delivered,
    duplicates: found.length - distinct.size,
    lost: accepted.length - delivered,
  };
  const disordered = [...sent].filter(
    ([sender, posts]) => (inbox.get(sender) ?? []).join() !== posts.map(({ text }) => text).join(),
  );
  if (figures.lost > 0 || figures.duplicates > 0 || disordered.length > 0) {
    throw new UserError(
      "load-failed",
      `Of ${figures.posts} messages ${figures.lost} were lost and ${figures.duplicates} doubled; ${disordered.length} senders' messages are not as they were sent.`,
      "This must never be. Run it again with fewer posts (--posts 500) to find the smallest case.",
    );
  }
  return figures;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
