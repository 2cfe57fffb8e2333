import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { reasonOf, request } from "./request.ts";

/** The intake Worker's calls for operators, by the contract in workers/intake/README.md. */
export interface Intake {
  health(): Promise<Health>;
  /** Parked messages, those that were parked first first; `total` may be more than the list has. */
  deadLetters(): Promise<{ deadLetters: DeadLetter[]; total: number }>;
  /** What is in one of them: what a person wrote. Undefined where there is none of this id. */
  deadLetter(id: string): Promise<unknown>;
  /** Puts parked messages back in the line. */
  replay(ids: string[]): Promise<Handled>;
  /** Forgets parked messages for good. */
  purge(ids: string[]): Promise<Handled>;
}

const DeadLetter = z.object({
  id: z.string(),
  receivedAt: z.string(),
  parkedAt: z.string(),
  attempts: z.number(),
  error: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

const Health = z.looseObject({
  status: z.enum(["ok", "degraded", "down"]),
  reasons: z.array(z.string()),
  version: z.string(),
  outbox: z.object({ waiting: z.number(), parked: z.number(), oldestSeconds: z.number() }),
});
export type Health = z.infer<typeof Health>;

/** The ids that were handled, and those that no outbox has. */
const Handled = z.object({ done: z.array(z.string()), missing: z.array(z.string()) });
export type Handled = z.infer<typeof Handled>;

/** @param base of the Worker, `https://www.example.com/intake` */
export function intake(base: string, operatorKey: string): Intake {
  /**
   * Every call may be made twice without harm.
   *
   * @throws UserError `intake-unreachable`, `intake-refused`
   */
  async function call<T>(schema: z.ZodType<T>, path: string, ids?: string[]): Promise<T | undefined> {
    const method = ids ? "POST" : "GET";
    const response = await request(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorKey}`, accept: "application/json" },
      ...(ids ? { body: JSON.stringify({ ids }) } : {}),
    }).catch((cause: unknown) => {
      throw new UserError(
        "intake-unreachable",
        `The intake does not answer ${method} ${base}${path}: ${reasonOf(cause)}.`,
        "Check the network; then look whether the Worker is deployed and has its route.",
        EXIT.failed,
        { cause },
      );
    });
    const text = await response.text();
    const parsed = schema.safeParse(json(text));
    // Down is an answer, too: `healthz` says it with 503.
    if (parsed.success && (response.ok || path === "/healthz")) return parsed.data;
    const code = z.object({ code: z.string() }).safeParse(json(text)).data?.code;
    if (code === "no-such-dead-letter") return undefined;
    throw new UserError(
      "intake-refused",
      `The intake answered ${response.status}${code ? ` ${code}` : ""} to ${method} ${base}${path}.`,
      response.status === 401
        ? "INTAKE_OPERATOR_KEY is not the one that the Worker was deployed with: deploy the stack, or use that one."
        : response.status === 404
          ? "The Worker was deployed without INTAKE_OPERATOR_KEY, or is not there: set it, then deploy the stack."
          : "Run the same command again; the Worker's logs say more (npx wrangler tail).",
    );
  }

  async function must<T>(answer: Promise<T | undefined>): Promise<T> {
    const found = await answer;
    if (found === undefined) throw new Error("the intake says that a list does not exist");
    return found;
  }

  return {
    health: () => must(call(Health, "/healthz")),
    deadLetters: () =>
      must(call(z.object({ deadLetters: z.array(DeadLetter), total: z.number() }), "/dead-letters")),
    deadLetter: (id) => call(z.looseObject({ id: z.string() }), `/dead-letters/${encodeURIComponent(id)}`),
    replay: (ids) => must(call(Handled, "/dead-letters/replay", ids)),
    purge: (ids) => must(call(Handled, "/dead-letters/purge", ids)),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
