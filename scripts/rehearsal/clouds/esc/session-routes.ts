import { randomBytes } from "node:crypto";
import type { Context, Hono } from "hono";
import { type Environments, type EscContext, requireRevision } from "./environment.ts";
import { PulumiError } from "./error.ts";
import { child, type Property } from "./evaluate.ts";
import { parsePath } from "./interpolation.ts";

/** An opened environment: what it evaluated to, encrypted. */
interface Session {
  environment: string;
  expires: number;
  properties: string;
}

/** Opening an environment, and reading what it evaluated to. */
export function sessionRoutes(api: Hono, esc: EscContext, { find, run }: Environments): void {
  const sessions = esc.store.collection<Session>("sessions");

  const open = (context: Context, version: string | undefined) => {
    const { key, environment, identity } = find(context);
    const revision = requireRevision(environment, version);
    const evaluated = run(key, revision.text, identity);
    if (evaluated.diagnostics.length > 0)
      throw new PulumiError(400, "Bad Request: evaluating the environment failed", evaluated.diagnostics);
    const id = randomBytes(16).toString("hex");
    sessions.put(id, {
      environment: key,
      expires: esc.now() + durationMs(context.req.query("duration") ?? "2h"),
      properties: esc.vault.encrypt(JSON.stringify(evaluated.properties)),
    });
    return context.json({ id });
  };
  api.post("/:org/:project/:name/open", (c) => open(c, undefined));
  api.post("/:org/:project/:name/versions/:version/open", (c) => open(c, c.req.param("version")));

  const read = (context: Context) => {
    const { key } = find(context);
    const session = sessions.get(context.req.param("session") ?? "");
    const plaintext =
      session && session.expires > esc.now() ? esc.vault.decrypt(session.properties) : undefined;
    if (session?.environment !== key || plaintext === undefined)
      throw new PulumiError(404, "Not Found: open environment session not found");
    const properties = JSON.parse(plaintext) as { [key: string]: Property };
    const property = context.req.query("property");
    if (property === undefined)
      return context.json({
        properties,
        executionContext: { properties: {} },
        schema: { type: "object" },
      });
    const path = parsePath(property);
    if (path === undefined) throw new PulumiError(400, `Bad Request: invalid property path '${property}'`);
    let found: Property | undefined = { value: properties, trace: {} };
    for (const step of path) found = found && child(found, step);
    if (found === undefined) throw new PulumiError(404, `Not Found: property '${property}' not found`);
    return context.json(found);
  };
  api.get("/:org/:project/:name/open/:session", read);
  // The official SDK asks for single properties with an empty part in the path.
  api.get("/:org/:project/:name/open//:session", read);
}

/** Go's durations as far as they are used here: `2h`, `30m`, `1h30m`, `10s`. In milliseconds. */
function durationMs(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!match || text === "") throw new PulumiError(400, `Bad Request: invalid duration '${text}'`);
  const [, hours = 0, minutes = 0, seconds = 0] = match;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
