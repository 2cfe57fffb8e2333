import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** One collection of JSON documents, kept in the order in which they were first put. */
export interface Collection<T> {
  get(id: string | number): T | undefined;
  put(id: string | number, document: T): T;
  delete(id: string | number): boolean;
  list(): T[];
  clear(): void;
}

/** The durable memory of one cloud: collections of documents and counters, in one SQLite file of the world's folder. */
export interface Store {
  collection<T>(name: string): Collection<T>;
  /** The next number of a named counter, starting at `first` (default 1). Never given twice, not even after a crash. */
  next(counter: string, first?: number): number;
  /** Runs `work` so that all of its writes happen or none. `work` must be synchronous. Inside another one, it joins that. */
  transaction<R>(work: () => R): R;
  /**
   * The same for work that awaits; its writes are kept when `keep` says so of the result. Calls run one after the other.
   * `work` must not wait for anything from outside (network, timers): until it is done, nobody else's writes are apart.
   */
  transactionAsync<R>(work: () => Promise<R>, keep: (result: R) => boolean): Promise<R>;
  close(): void;
}

/**
 * Opens (or makes) `<world>/<cloud>.sqlite`.
 *
 * Write-ahead logging with `synchronous=NORMAL` survives a kill -9 of the process at any point
 * (https://www.sqlite.org/wal.html); only a power loss could lose the newest writes, which a rehearsal never meets.
 */
export function openStore(world: string, cloud: string): Store {
  mkdirSync(world, { recursive: true });
  const db = new DatabaseSync(join(world, `${cloud}.sqlite`));
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000");
  db.exec(
    "CREATE TABLE IF NOT EXISTS documents (seq INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT, id TEXT, body TEXT, UNIQUE(collection, id));" +
      "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER)",
  );
  const selectOne = db.prepare("SELECT body FROM documents WHERE collection=? AND id=?");
  const selectAll = db.prepare("SELECT body FROM documents WHERE collection=? ORDER BY seq");
  const upsert = db.prepare(
    "INSERT INTO documents (collection, id, body) VALUES (?,?,?) ON CONFLICT (collection, id) DO UPDATE SET body=excluded.body",
  );
  const remove = db.prepare("DELETE FROM documents WHERE collection=? AND id=?");
  const removeAll = db.prepare("DELETE FROM documents WHERE collection=?");
  const increment = db.prepare(
    "INSERT INTO counters (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value=value+1 RETURNING value",
  );

  let line: Promise<unknown> = Promise.resolve();
  return {
    collection<T>(name: string): Collection<T> {
      const parse = (row: unknown): T => JSON.parse((row as { body: string }).body) as T;
      return {
        get(id) {
          const row = selectOne.get(name, String(id));
          return row === undefined ? undefined : parse(row);
        },
        put(id, document) {
          upsert.run(name, String(id), JSON.stringify(document));
          return document;
        },
        delete: (id) => remove.run(name, String(id)).changes > 0,
        list: () => selectAll.all(name).map(parse),
        clear: () => void removeAll.run(name),
      };
    },
    next: (counter, first = 1) => Number((increment.get(counter, first) as { value: number }).value),
    transaction(work) {
      if (db.isTransaction) return work();
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
    },
    transactionAsync(work, keep) {
      const run = async () => {
        db.exec("BEGIN IMMEDIATE");
        try {
          const result = await work();
          db.exec(keep(result) ? "COMMIT" : "ROLLBACK");
          return result;
        } catch (error) {
          db.exec("ROLLBACK");
          throw error;
        }
      };
      const turn = line.then(run, run);
      line = turn;
      return turn;
    },
    close: () => db.close(),
  };
}
