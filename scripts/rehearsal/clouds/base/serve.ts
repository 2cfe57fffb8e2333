import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { DROP_HEADER, FaultRule, type Faults } from "./faults.ts";

/** A cloud that listens. `url` has no trailing slash and no API path: `http://127.0.0.1:PORT`. */
export interface Listening {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** One call that a cloud answered, oldest first in `GET /_rehearsal/calls`. */
export interface Call {
  at: string;
  method: string;
  path: string;
  status: number;
  ms: number;
}

const MAX_CALLS = 20_000;
const Latency = z.object({ ms: z.number().int().nonnegative() });

/**
 * Serves a cloud's API on 127.0.0.1 (`port` 0 = any free one), with the admin calls that every cloud has:
 *
 * - `POST /_rehearsal/faults` a {@link FaultRule}; `DELETE /_rehearsal/faults` forgets all of them
 * - `GET /_rehearsal/held` how many answers are held back; `DELETE` cuts their connections
 * - `PUT /_rehearsal/latency` `{ "ms": 50 }` for every call from now on
 * - `GET /_rehearsal/calls` the last {@link MAX_CALLS} calls answered; `DELETE` empties the list
 *
 * An answer that carries {@link DROP_HEADER} is never sent: the connection is cut instead.
 */
export async function serve(api: Hono, faults: Faults, port = 0): Promise<Listening> {
  const calls: Call[] = [];
  const app = new Hono();
  app.post("/_rehearsal/faults", async (c) => {
    const rule = await read(c, FaultRule);
    if (rule instanceof Response) return rule;
    faults.add(rule);
    return c.body(null, 204);
  });
  app.delete("/_rehearsal/faults", (c) => {
    faults.clear();
    return c.body(null, 204);
  });
  app.get("/_rehearsal/held", (c) => c.json({ held: faults.held }));
  app.delete("/_rehearsal/held", (c) => {
    faults.release();
    return c.body(null, 204);
  });
  app.put("/_rehearsal/latency", async (c) => {
    const latency = await read(c, Latency);
    if (latency instanceof Response) return latency;
    faults.baseLatencyMs = latency.ms;
    return c.body(null, 204);
  });
  app.get("/_rehearsal/calls", (c) => c.json(calls));
  app.delete("/_rehearsal/calls", (c) => {
    calls.length = 0;
    return c.body(null, 204);
  });
  app.all("*", async (c) => {
    const started = Date.now();
    const response = await api.fetch(c.req.raw, c.env);
    const { pathname, search } = new URL(c.req.url);
    calls.push({
      at: new Date(started).toISOString(),
      method: c.req.method,
      path: pathname + search,
      status: response.status,
      ms: Date.now() - started,
    });
    if (calls.length > MAX_CALLS) calls.shift();
    return response;
  });

  const listener = getRequestListener(async (request, env) => {
    const response = await app.fetch(request, env);
    if (response.headers.has(DROP_HEADER)) {
      (env as { outgoing: ServerResponse }).outgoing.socket?.destroy();
    }
    return response;
  });
  const server = createServer(
    (request: IncomingMessage, response: ServerResponse) => void listener(request, response),
  );
  // A client that sends on a connection which is being closed for its idleness gets no answer; on a busy machine Node's five
  // seconds are soon over.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** An admin call's body, or the answer that says what is wrong with it. */
async function read<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T> | Response> {
  const parsed = schema.safeParse(await context.req.json().catch(() => undefined));
  return parsed.success ? parsed.data : context.json({ error: z.prettifyError(parsed.error) }, 400);
}
