import { setTimeout as delay } from "node:timers/promises";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";

/**
 * What a cloud can be asked to do wrong.
 *
 * - `latency`: answer `ms` later
 * - `status`: answer with this status instead of doing the work (429 comes with `retry-after`)
 * - `drop-after`: do the work, then cut the connection without an answer
 * - `hold`: do the work, then keep the answer back until `DELETE /_rehearsal/held`, which cuts the connection
 * - `slow-action`: asynchronous actions that this request starts take `ms` longer (the cloud reads it by `slowActionMs`)
 */
export const Fault = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("latency"), ms: z.number().int().nonnegative() }),
  z.object({ kind: z.literal("status"), status: z.number().int(), retryAfterSeconds: z.number().optional() }),
  z.object({ kind: z.literal("drop-after") }),
  z.object({ kind: z.literal("hold") }),
  z.object({ kind: z.literal("slow-action"), ms: z.number().int().nonnegative() }),
]);
export type Fault = z.infer<typeof Fault>;

/** A fault with the requests that it applies to: the next `times` ones whose method and path (a regular expression) fit. */
export const FaultRule = z.object({
  method: z.string().toUpperCase().optional(),
  /** Only calls that change something, or may. */
  writes: z.boolean().default(false),
  path: z.string().refine(isRegExp, "is not a regular expression").default("."),
  times: z.number().int().positive().default(1),
  /** How many fitting requests pass unharmed first. */
  skip: z.number().int().nonnegative().default(0),
  fault: Fault,
});
export type FaultRule = z.infer<typeof FaultRule>;

function isRegExp(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** The header that asks for one fault on this very request: the JSON of a {@link Fault}. */
export const FAULT_HEADER = "x-rehearsal-fault";

/** Thrown by the middleware for `drop-after`; the server in serve.ts cuts the socket when it sees this header on an answer. */
export const DROP_HEADER = "x-rehearsal-drop";

const slowActions = new WeakMap<Request, number>();

/** The extra time, in milliseconds, that actions started by this request were asked to take. */
export function slowActionMs(context: Context): number {
  return slowActions.get(context.req.raw) ?? 0;
}

/** The faults that a cloud will show; rules come in by the admin call, one-off faults by {@link FAULT_HEADER}. */
export class Faults {
  #rules: FaultRule[] = [];
  /** Lets go of the answers that are held back. */
  #held: (() => void)[] = [];
  /** Latency in milliseconds that every call gets, whatever the rules say. */
  baseLatencyMs: number;

  constructor(baseLatencyMs = 0) {
    this.baseLatencyMs = baseLatencyMs;
  }

  add(rule: FaultRule): void {
    this.#rules.push({ ...rule });
  }

  /** How many answers are held back. */
  get held(): number {
    return this.#held.length;
  }

  /** Lets go of all answers that are held back: their connections are cut. */
  release(): void {
    for (const letGo of this.#held.splice(0)) letGo();
  }

  clear(): void {
    this.#rules = [];
  }

  /** Takes what fits this request off the rules. */
  take(method: string, path: string): Fault[] {
    const taken: Fault[] = [];
    for (const rule of this.#rules) {
      if (rule.times === 0 || (rule.method && rule.method !== method) || !new RegExp(rule.path).test(path))
        continue;
      if (rule.writes && READING.has(method)) continue;
      if (rule.skip > 0) {
        rule.skip -= 1;
        continue;
      }
      rule.times -= 1;
      taken.push(rule.fault);
    }
    this.#rules = this.#rules.filter((rule) => rule.times > 0);
    return taken;
  }

  /** Applies the faults to a cloud's API. `refuse` makes the provider's own error body for a status. */
  middleware(refuse: (status: number, context: Context) => Response): MiddlewareHandler {
    return async (context, next) => {
      const asked = askedFault(context.req.header(FAULT_HEADER));
      if (asked === "unreadable")
        return context.json({ error: `${FAULT_HEADER} must be the JSON of a fault` }, 400);
      const faults = [...asked, ...this.take(context.req.method, context.req.path)];
      if (this.baseLatencyMs > 0) await delay(this.baseLatencyMs);
      let drop = false;
      let hold = false;
      for (const fault of faults) {
        switch (fault.kind) {
          case "latency":
            await delay(fault.ms);
            break;
          case "slow-action":
            slowActions.set(context.req.raw, fault.ms);
            break;
          case "drop-after":
            drop = true;
            break;
          case "hold":
            hold = true;
            break;
          case "status": {
            const response = refuse(fault.status, context);
            if (fault.status === 429)
              response.headers.set("retry-after", String(fault.retryAfterSeconds ?? 1));
            return response;
          }
        }
      }
      await next();
      if (hold) await new Promise<void>((resolve) => this.#held.push(resolve));
      if (drop || hold) context.res.headers.set(DROP_HEADER, "1");
    };
  }
}

function askedFault(header: string | undefined): Fault[] | "unreadable" {
  if (header === undefined) return [];
  try {
    return [Fault.parse(JSON.parse(header))];
  } catch {
    return "unreadable";
  }
}
