import { TABLES } from "./tables.ts";

/** A stored message, `letter` to keep it apart from what a sender wrote. Times are milliseconds since 1970. */
export interface Letter {
  id: string;
  /** The sender's key, see shard.ts. */
  sender: string;
  /** The exact bytes that are signed and sent. */
  body: string;
  receivedAt: number;
  attempts: number;
  /** Failures that are this letter's own: the backend had taken others since the attempt before. */
  charged: number;
  lastAttemptAt: number | null;
}

export interface NewLetter {
  id: string;
  sender: string;
  body: string;
  receivedAt: number;
  /** What makes two posts of a sender one message. */
  idempotencyKey: string;
  /** Hash of what the sender wrote, to tell a repeated post from another one under the same key. */
  digest: string;
}

/** A parked letter, without what is in it. */
export interface DeadLetter {
  id: string;
  receivedAt: number;
  parkedAt: number;
  attempts: number;
  error: string;
}

/** What became of a letter, without what was in it. */
export interface Outcome {
  id: string;
  outcome: "delivered" | "parked" | "purged";
  attempts: number;
  receivedAt: number;
  finishedAt: number;
}

/** The tables of one outbox: letters still here, and a receipt for each that came in lately. All calls are synchronous. */
export class Letters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
  }

  /** The receipt of an earlier post of the same message, if there is one. */
  known(letter: NewLetter): { id: string; digest: string } | undefined {
    return this.#sql
      .exec<{ id: string; digest: string }>(
        "SELECT id, digest FROM receipts WHERE id = ? OR (sender = ? AND idempotency_key = ?) LIMIT 1",
        letter.id,
        letter.sender,
        letter.idempotencyKey,
      )
      .toArray()[0];
  }

  /** When the sender's `nth` newest letter came in, if there are so many: that far back reaches his rate. */
  nthNewestAt(sender: string, nth: number): number | undefined {
    return this.#sql
      .exec<{ received_at: number }>(
        "SELECT received_at FROM receipts WHERE sender = ? ORDER BY received_at DESC LIMIT 1 OFFSET ?",
        sender,
        nth - 1,
      )
      .toArray()[0]?.received_at;
  }

  add(letter: NewLetter): void {
    this.#sql.exec(
      "INSERT INTO letters (id, sender, body, received_at, due_at) VALUES (?, ?, ?, ?, ?)",
      letter.id,
      letter.sender,
      letter.body,
      letter.receivedAt,
      letter.receivedAt,
    );
    this.#sql.exec(
      "INSERT INTO receipts (id, sender, idempotency_key, digest, received_at) VALUES (?, ?, ?, ?, ?)",
      letter.id,
      letter.sender,
      letter.idempotencyKey,
      letter.digest,
      letter.receivedAt,
    );
  }

  /** The next letters to try: of each sender only the oldest one, those that waited longest first. */
  due(now: number, limit: number): Letter[] {
    return this.#sql
      .exec<{
        id: string;
        sender: string;
        body: string;
        received_at: number;
        attempts: number;
        charged: number;
        last_attempt_at: number | null;
      }>(
        `SELECT id, sender, body, received_at, attempts, charged, last_attempt_at FROM letters AS l
         WHERE parked_at IS NULL AND due_at <= ? AND ${OLDEST_OF_SENDER} ORDER BY due_at, seq LIMIT ?`,
        now,
        limit,
      )
      .toArray()
      .map(({ received_at, last_attempt_at, ...row }) => ({
        ...row,
        receivedAt: received_at,
        lastAttemptAt: last_attempt_at,
      }));
  }

  /** When the next letter is due, or undefined when none waits. */
  nextDueAt(): number | undefined {
    return this.#sql
      .exec<{ due_at: number }>(
        `SELECT due_at FROM letters AS l WHERE parked_at IS NULL AND ${OLDEST_OF_SENDER} ORDER BY due_at, seq LIMIT 1`,
      )
      .toArray()[0]?.due_at;
  }

  delivered(letter: Letter, now: number): void {
    this.#sql.exec("DELETE FROM letters WHERE id = ?", letter.id);
    this.#finish(letter.id, "delivered", letter.attempts + 1, now);
  }

  failed(letter: Letter, failure: { charged: boolean; error: string; dueAt: number }, now: number): void {
    this.#sql.exec(
      "UPDATE letters SET attempts = ?, charged = ?, last_attempt_at = ?, last_error = ?, due_at = ? WHERE id = ?",
      letter.attempts + 1,
      letter.charged + (failure.charged ? 1 : 0),
      now,
      failure.error,
      failure.dueAt,
      letter.id,
    );
  }

  park(letter: Letter, error: string, now: number): void {
    this.#sql.exec(
      "UPDATE letters SET attempts = ?, last_attempt_at = ?, last_error = ?, parked_at = ? WHERE id = ?",
      letter.attempts + 1,
      now,
      error,
      now,
      letter.id,
    );
    this.#finish(letter.id, "parked", letter.attempts + 1, now);
  }

  /** Dead letters, those that were parked first first. */
  deadLetters(limit: number): DeadLetter[] {
    return this.#sql
      .exec<{ id: string; received_at: number; parked_at: number; attempts: number; last_error: string }>(
        "SELECT id, received_at, parked_at, attempts, last_error FROM letters WHERE parked_at IS NOT NULL ORDER BY parked_at, seq LIMIT ?",
        limit,
      )
      .toArray()
      .map((row) => ({
        id: row.id,
        receivedAt: row.received_at,
        parkedAt: row.parked_at,
        attempts: row.attempts,
        error: row.last_error,
      }));
  }

  /** What is in a dead letter. */
  deadLetterBody(id: string): string | undefined {
    return this.#sql
      .exec<{ body: string }>("SELECT body FROM letters WHERE id = ? AND parked_at IS NOT NULL", id)
      .toArray()[0]?.body;
  }

  /** Puts a dead letter back in the line, with a clean sheet. False when there is none of this id. */
  replay(id: string, now: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      "UPDATE letters SET parked_at = NULL, charged = 0, attempts = 0, last_attempt_at = NULL, due_at = ? WHERE id = ? AND parked_at IS NOT NULL",
      now,
      id,
    );
    this.#sql.exec(
      "UPDATE receipts SET finished_at = NULL, outcome = NULL, archived = 0 WHERE id = ? AND outcome = 'parked'",
      id,
    );
    return rowsWritten > 0;
  }

  /** Forgets a dead letter for good. False when there is none of this id. */
  purge(id: string, now: number): boolean {
    const { rowsWritten } = this.#sql.exec("DELETE FROM letters WHERE id = ? AND parked_at IS NOT NULL", id);
    if (rowsWritten === 0) return false;
    this.#sql.exec(
      "UPDATE receipts SET finished_at = ?, outcome = 'purged', archived = 0 WHERE id = ?",
      now,
      id,
    );
    return true;
  }

  count(): { waiting: number; parked: number; oldestWaitingAt: number | null } {
    const row = this.#sql
      .exec<{ waiting: number; parked: number; oldest: number | null }>(
        `SELECT COUNT(*) FILTER (WHERE parked_at IS NULL) AS waiting, COUNT(parked_at) AS parked,
         MIN(received_at) FILTER (WHERE parked_at IS NULL) AS oldest FROM letters`,
      )
      .one();
    return { waiting: row.waiting, parked: row.parked, oldestWaitingAt: row.oldest };
  }

  unarchived(limit: number): Outcome[] {
    return this.#sql
      .exec<{
        id: string;
        outcome: Outcome["outcome"];
        attempts: number;
        received_at: number;
        finished_at: number;
      }>(
        "SELECT id, outcome, attempts, received_at, finished_at FROM receipts WHERE finished_at IS NOT NULL AND archived = 0 ORDER BY finished_at LIMIT ?",
        limit,
      )
      .toArray()
      .map(({ received_at, finished_at, ...row }) => ({
        ...row,
        receivedAt: received_at,
        finishedAt: finished_at,
      }));
  }

  archived(outcomes: Outcome[]): void {
    for (const { id, finishedAt } of outcomes)
      this.#sql.exec("UPDATE receipts SET archived = 1 WHERE id = ? AND finished_at = ?", id, finishedAt);
  }

  /** Forgets the receipts of letters that left before `before`; those of parked ones stay as long as the letter does. */
  forgetReceipts(before: number): void {
    this.#sql.exec("DELETE FROM receipts WHERE finished_at < ? AND outcome <> 'parked'", before);
  }

  /** When the oldest receipt that will be forgotten was made out. */
  oldestReceiptAt(): number | undefined {
    return this.#sql
      .exec<{ finished_at: number }>(
        "SELECT finished_at FROM receipts WHERE finished_at IS NOT NULL AND outcome <> 'parked' ORDER BY finished_at LIMIT 1",
      )
      .toArray()[0]?.finished_at;
  }

  #finish(id: string, outcome: Outcome["outcome"], attempts: number, now: number): void {
    this.#sql.exec(
      "UPDATE receipts SET finished_at = ?, outcome = ?, attempts = ?, archived = 0 WHERE id = ?",
      now,
      outcome,
      attempts,
      id,
    );
  }
}

const OLDEST_OF_SENDER =
  "NOT EXISTS (SELECT 1 FROM letters AS e WHERE e.parked_at IS NULL AND e.sender = l.sender AND e.seq < l.seq)";
