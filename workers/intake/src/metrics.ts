import type { Env } from "./env.ts";

/** What is counted. An event's name never changes its meaning: dashboards ask for it. */
export type Event =
  | "accepted"
  | "known"
  | "refused"
  | "limited"
  | "honeypot"
  | "turnstile-skipped"
  | "delivered"
  | "failed"
  | "parked"
  | "replayed"
  | "purged"
  | "uploaded";

/**
 * Counts one event in Analytics Engine, in the columns that README.md describes: `index1` the event, `blob1` the event,
 * `blob2` a stable code or status, `double1` milliseconds, `double2` an attempt's number. Nothing that a sender wrote.
 *
 * Never throws: a metric must not cost a message.
 */
export function count(
  { INTAKE_METRICS }: Pick<Env, "INTAKE_METRICS">,
  event: Event,
  { code = "", ms = 0, attempt = 0 }: { code?: string; ms?: number; attempt?: number } = {},
): void {
  try {
    INTAKE_METRICS.writeDataPoint({ indexes: [event], blobs: [event, code], doubles: [ms, attempt] });
  } catch {
    // Analytics Engine limits the points of an invocation.
  }
}
