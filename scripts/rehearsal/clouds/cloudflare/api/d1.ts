import type { Hono } from "hono";
import { z } from "zod";
import type { Storage } from "../edge/storage.ts";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import { uuid } from "../ids.ts";
import type { D1Database } from "../model.ts";
import type { CloudState } from "../state.ts";

const Statement = z.object({ sql: z.string(), params: z.array(z.unknown()).nullish() });
const Query = z.union([Statement, z.object({ batch: z.array(Statement) })]);

/** D1 databases (https://developers.cloudflare.com/api/resources/d1/); queries run in the same SQLite that the Workers use. */
export function d1(api: Hono, state: CloudState, storage: Storage): void {
  const base = "/accounts/:account/d1/database";
  const found = (id: string): D1Database => {
    const database = state.d1.get(id);
    if (!database) throw new ApiError(404, 7404, `The database ${id} could not be found`);
    return database;
  };
  const shown = (database: D1Database) => ({ ...database, file_size: 12288, num_tables: 0 });

  api.get(base, (c) => {
    const name = c.req.query("name");
    return page(
      c,
      state.d1
        .list()
        .filter((database) => !name || database.name.includes(name))
        .map(shown),
      100,
      10000,
    );
  });
  api.post(base, async (c) => {
    const { name } = await body(c, z.object({ name: z.string().min(1) }), 7400);
    if (state.d1.list().some((other) => other.name === name))
      throw new ApiError(400, 7502, `Database with name '${name}' already exists`);
    const id = uuid();
    const database = state.d1.put(id, {
      uuid: id,
      name,
      version: "production",
      created_at: state.timestamp(),
      read_replication: { mode: "disabled" },
    });
    state.workersChanged();
    return ok(c, shown(database));
  });
  // wrangler may ask by name where the documentation says id.
  api.get(`${base}/:id`, (c) => {
    const id = param(c, "id");
    return ok(c, shown(state.d1.list().find((database) => database.name === id) ?? found(id)));
  });
  for (const method of ["PATCH", "PUT"])
    api.on(method, `${base}/:id`, async (c) => {
      const database = found(param(c, "id"));
      const { read_replication } = await body(
        c,
        z.object({ read_replication: z.object({ mode: z.string() }).optional() }),
      );
      return ok(
        c,
        shown(
          state.d1.put(database.uuid, { ...database, ...(read_replication ? { read_replication } : {}) }),
        ),
      );
    });
  api.delete(`${base}/:id`, (c) => {
    state.d1.delete(found(param(c, "id")).uuid);
    state.workersChanged();
    return ok(c, null);
  });
  for (const kind of ["query", "raw"] as const)
    api.post(`${base}/:id/${kind}`, async (c) => {
      const database = await storage.d1(found(param(c, "id")).uuid);
      const input = await body(c, Query, 7400);
      const statements = "batch" in input ? input.batch : [input];
      try {
        const results = [];
        for (const { sql, params } of statements)
          for (const statement of params?.length ? [sql] : splitStatements(sql)) {
            const prepared = database.prepare(statement).bind(...(params ?? []));
            if (kind === "query") results.push(await prepared.all());
            else {
              const [columns = [], ...rows] = await prepared.raw({ columnNames: true });
              results.push({ success: true, meta: {}, results: { columns, rows } });
            }
          }
        return ok(c, results);
      } catch (error) {
        throw new ApiError(400, 7500, (error as Error).message.replace(/^D1_ERROR: /, ""));
      }
    });
}

/** Splits at semicolons outside of quotes, comments, and the bodies of triggers. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let current = "";
  let depth = 0;
  for (const [token] of sql.matchAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\b(?:BEGIN|CASE|END)\b|;|[A-Za-z_0-9]+|[\s\S]/gi,
  )) {
    if (token.startsWith("--") || token.startsWith("/*")) continue;
    const word = token.toUpperCase();
    if (word === "CASE" || (word === "BEGIN" && /^\s*CREATE\b/i.test(current))) depth += 1;
    if (word === "END" && depth > 0) depth -= 1;
    if (token === ";" && depth === 0) {
      if (current.trim()) statements.push(current.trim());
      current = "";
    } else current += token;
  }
  if (current.trim()) statements.push(current.trim());
  return statements;
}
