/**
 * The tables of one outbox: letters that are still here, and a receipt for each that came in lately. Made when the object
 * starts; a column that comes later needs an ALTER TABLE, as the letters of a running stack must survive a deploy.
 */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS letters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    charged INTEGER NOT NULL DEFAULT 0,
    last_attempt_at INTEGER,
    last_error TEXT,
    parked_at INTEGER
  );
  CREATE INDEX IF NOT EXISTS letters_due ON letters (due_at, seq) WHERE parked_at IS NULL;
  CREATE INDEX IF NOT EXISTS letters_order ON letters (sender, seq) WHERE parked_at IS NULL;
  CREATE TABLE IF NOT EXISTS receipts (
    id TEXT PRIMARY KEY,
    sender TEXT NOT NULL,
    idempotency_key TEXT,
    digest TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0
  );
  CREATE UNIQUE INDEX IF NOT EXISTS receipts_key ON receipts (sender, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX IF NOT EXISTS receipts_sender ON receipts (sender, received_at);
  CREATE INDEX IF NOT EXISTS receipts_finished ON receipts (finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS receipts_unarchived ON receipts (finished_at) WHERE finished_at IS NOT NULL AND archived = 0;
`;
