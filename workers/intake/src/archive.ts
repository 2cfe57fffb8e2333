import type { Outcome } from "./outbox/letters.ts";

/**
 * Writes outcomes to D1, where an operator can ask what became of a message (`SELECT * FROM outcomes WHERE id = ?`) long
 * after the outbox has forgotten it. Ids and times only, nothing that a sender wrote. Safe to repeat.
 */
export async function archive(db: D1Database, stack: string, outcomes: Outcome[]): Promise<void> {
  const insert = db.prepare(
    `INSERT INTO outcomes (id, stack, outcome, attempts, received_at, finished_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, attempts = excluded.attempts, finished_at = excluded.finished_at`,
  );
  await db.batch([
    // Here rather than in a migration, so that a deploy of the Worker is all that it takes.
    db.prepare(
      `CREATE TABLE IF NOT EXISTS outcomes (id TEXT PRIMARY KEY, stack TEXT NOT NULL, outcome TEXT NOT NULL,
       attempts INTEGER NOT NULL, received_at TEXT NOT NULL, finished_at TEXT NOT NULL)`,
    ),
    ...outcomes.map((outcome) =>
      insert.bind(
        outcome.id,
        stack,
        outcome.outcome,
        outcome.attempts,
        new Date(outcome.receivedAt).toISOString(),
        new Date(outcome.finishedAt).toISOString(),
      ),
    ),
  ]);
}
