import { DurableObject } from "cloudflare:workers";
import { archive } from "../archive.ts";
import { type Attempt, deliver } from "../delivery.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { count } from "../metrics.ts";
import { readSettings, type Settings } from "../settings.ts";
import { backoffMs } from "./backoff.ts";
import { type DeadLetter, type Letter, Letters, type NewLetter } from "./letters.ts";

export type Accepted =
  | { kind: "stored" | "known"; id: string }
  /** The idempotency key was used before, for another message. */
  | { kind: "conflict" }
  /** The sender has sent as many as he may for now. */
  | { kind: "limited"; retryAfterSeconds: number };

export interface OutboxState {
  waiting: number;
  parked: number;
  oldestWaitingAt: number | null;
  /** Rounds of deliveries in a row of which none arrived. */
  failures: number;
}

/** A Worker may have 6 connections open at a time: https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections */
const AT_ONCE = 6;
/** Under the 50 subrequests that an invocation may make on the free plan, with room for settings and archive. */
const ROUNDS_A_RUN = 7;
/** A letter is parked after `maxTries` failures of its own, or when it could not be delivered for so long, whoever is to blame. */
const PARK_AFTER_MS = 7 * 86_400_000;
/** How long a repeated post with the same idempotency key is known. */
const RECEIPTS_MS = 86_400_000;
const PAUSE_MS = 60_000;
const ARCHIVE_AT_ONCE = 40;

/** The backend as this outbox sees it; kept in storage, so that an eviction does not make the outbox forget its patience. */
interface Backend {
  failures: number;
  resumeAt: number;
  lastSuccessAt: number;
}

/**
 * A durable outbox for the messages of some of the senders. A letter is in storage before `accept` returns, and leaves
 * it only after the backend has answered for it: killed in between, the delivery is repeated under the same id.
 */
export class Outbox extends DurableObject<Env> {
  readonly #letters: Letters;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#letters = new Letters(ctx.storage.sql);
    // An alarm that rang and could not end must not leave letters that nobody wakes up for.
    ctx.blockConcurrencyWhile(async () => {
      if ((await ctx.storage.getAlarm()) === null) await this.#schedule();
    });
  }

  /**
   * Stores a letter. The answer leaves this object only after the write is on disk in more than one place
   * (https://developers.cloudflare.com/durable-objects/reference/glossary/, output gate).
   */
  async accept(letter: NewLetter, limit: Settings["senderLimit"]): Promise<Accepted> {
    const alarm = await this.ctx.storage.getAlarm();
    const known = this.#letters.known(letter);
    if (known) return known.digest === letter.digest ? { kind: "known", id: known.id } : { kind: "conflict" };
    const retryAfterSeconds = this.#overLimit(letter, limit);
    if (retryAfterSeconds > 0) return { kind: "limited", retryAfterSeconds };
    this.ctx.storage.transactionSync(() => this.#letters.add(letter));
    // Nothing is awaited since the letter was written: it is on disk together with its alarm, or not at all.
    await this.#wakeAt(Math.max(Date.now(), this.#backend().resumeAt), alarm);
    return { kind: "stored", id: letter.id };
  }

  state(): OutboxState {
    return { ...this.#letters.count(), failures: this.#backend().failures };
  }

  deadLetters(limit: number): DeadLetter[] {
    return this.#letters.deadLetters(limit);
  }

  deadLetterBody(id: string): string | undefined {
    return this.#letters.deadLetterBody(id);
  }

  /** Puts dead letters back in the line; gives the ids of those that were here. */
  async replay(ids: string[]): Promise<string[]> {
    const alarm = await this.ctx.storage.getAlarm();
    const found = ids.filter((id) => this.#letters.replay(id, Date.now()));
    for (const id of found) this.#tell("replayed", id);
    if (found.length > 0) await this.#wakeAt(Date.now(), alarm);
    return found;
  }

  /** Forgets dead letters for good; gives the ids of those that were here. */
  async purge(ids: string[]): Promise<string[]> {
    const found = ids.filter((id) => this.#letters.purge(id, Date.now()));
    for (const id of found) this.#tell("purged", id);
    if (found.length > 0) await this.#schedule();
    return found;
  }

  /** Delivers what is due. Never throws: the platform gives a failing alarm up after six tries. */
  override async alarm(): Promise<void> {
    let notBefore = 0;
    try {
      const { settings } = await readSettings(this.env.INTAKE_SETTINGS);
      if (settings.paused) notBefore = Date.now() + PAUSE_MS;
      else await this.#deliverDue(settings);
      await this.#archive();
      this.#letters.forgetReceipts(Date.now() - RECEIPTS_MS);
    } catch (error) {
      log("alarm-failed", { error: error instanceof Error ? error.message : String(error) });
      notBefore = Date.now() + PAUSE_MS;
    }
    await this.#schedule(notBefore);
  }

  async #deliverDue({ maxTries }: Settings): Promise<void> {
    for (let round = 0; round < ROUNDS_A_RUN; round++) {
      const backend = this.#backend();
      if (Date.now() < backend.resumeAt) return;
      // While the backend does not answer one letter asks for all, and not always the same one.
      const letters = this.#letters.due(Date.now(), backend.failures > 0 ? 1 : AT_ONCE);
      if (letters.length === 0) return;
      const attempts = await Promise.all(letters.map((letter) => this.#try(letter, backend, maxTries)));
      const now = Date.now();
      if (attempts.some(({ kind }) => kind !== "failed"))
        this.#remember({ failures: 0, resumeAt: 0, lastSuccessAt: now });
      else {
        const failures = backend.failures + 1;
        const asked = attempts.map((attempt) => (attempt.kind === "failed" && attempt.retryAfterMs) || 0);
        const wait = Math.max(...asked, backoffMs(failures, Math.random()));
        this.#remember({ ...backend, failures, resumeAt: now + wait });
      }
    }
  }

  /** One attempt, with its result in storage at its end. */
  async #try(letter: Letter, backend: Backend, maxTries: number): Promise<Attempt> {
    const attempt = await deliver(
      { id: letter.id, body: letter.body, attempt: letter.attempts + 1 },
      { url: this.env.BACKEND_URL, signingKeys: this.env.INTAKE_SIGNING_KEY },
      Date.now(),
    );
    const outcome = this.ctx.storage.transactionSync(() => this.#settle(letter, attempt, backend, maxTries));
    log(`delivery-${outcome}`, { id: letter.id, attempt: letter.attempts + 1, status: attempt.status });
    count(this.env, outcome, {
      code: String(attempt.status),
      ms: Date.now() - letter.receivedAt,
      attempt: letter.attempts + 1,
    });
    return attempt;
  }

  #settle(
    letter: Letter,
    attempt: Attempt,
    backend: Backend,
    maxTries: number,
  ): "delivered" | "parked" | "failed" {
    const now = Date.now();
    switch (attempt.kind) {
      case "delivered":
        this.#letters.delivered(letter, now);
        return "delivered";
      case "refused":
        this.#letters.park(letter, attempt.error, now);
        return "parked";
      case "failed": {
        // An outage must not wear out letters; but one that fails while others arrive is itself the reason.
        const charged = letter.lastAttemptAt !== null && backend.lastSuccessAt > letter.lastAttemptAt;
        const exhausted = charged && letter.charged + 1 >= maxTries;
        if (exhausted || now - letter.receivedAt > PARK_AFTER_MS) {
          this.#letters.park(letter, attempt.error, now);
          return "parked";
        }
        const wait = Math.max(attempt.retryAfterMs ?? 0, backoffMs(letter.attempts + 1, Math.random()));
        this.#letters.failed(letter, { charged, error: attempt.error, dueAt: now + wait }, now);
        return "failed";
      }
    }
  }

  /** In how many seconds the sender may send again; 0: now. */
  #overLimit({ sender, receivedAt }: NewLetter, { messages, seconds }: Settings["senderLimit"]): number {
    if (messages === 0) return 0;
    const at = this.#letters.nthNewestAt(sender, messages);
    return at === undefined ? 0 : Math.max(0, Math.ceil((at + seconds * 1000 - receivedAt) / 1000));
  }

  #tell(event: "replayed" | "purged", id: string): void {
    log(event, { id });
    count(this.env, event);
  }

  /** The archive is a convenience: when it does not answer, the outcomes wait here for the next run. */
  async #archive(): Promise<void> {
    const outcomes = this.#letters.unarchived(ARCHIVE_AT_ONCE);
    if (outcomes.length === 0) return;
    try {
      await archive(this.env.INTAKE_ARCHIVE, this.env.STACK, outcomes);
      this.#letters.archived(outcomes);
    } catch (error) {
      log("archive-failed", { error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #schedule(notBefore = 0): Promise<void> {
    const now = Date.now();
    const due = this.#letters.nextDueAt();
    const oldest = this.#letters.oldestReceiptAt();
    const times = [
      due === undefined ? undefined : Math.max(due, this.#backend().resumeAt),
      this.#letters.unarchived(1).length > 0 ? now + PAUSE_MS : undefined,
      oldest === undefined ? undefined : oldest + RECEIPTS_MS + 1,
    ].filter((time) => time !== undefined);
    if (times.length > 0) await this.ctx.storage.setAlarm(Math.max(now, notBefore, Math.min(...times)));
  }

  /** Makes sure that the alarm, which is set to `alarm`, rings at `time` or earlier. */
  async #wakeAt(time: number, alarm: number | null): Promise<void> {
    if (alarm === null || alarm > time) await this.ctx.storage.setAlarm(time);
  }

  #backend(): Backend {
    return this.ctx.storage.kv.get<Backend>("backend") ?? { failures: 0, resumeAt: 0, lastSuccessAt: 0 };
  }

  #remember(backend: Backend): void {
    this.ctx.storage.kv.put("backend", backend);
  }
}
