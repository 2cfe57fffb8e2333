import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { openStore } from "../clouds/base/store.ts";
import { type AnnouncedRelease, openRecordReader } from "./record-reader.ts";

/** A server of the Hetzner cloud as far as the stand-in must know it. */
export interface BornServer {
  id: number;
  name: string;
  userData: string;
}

export interface OriginOptions {
  world: string;
  /** The server of an address, as the Hetzner cloud knows it. */
  findServer(ip: string): BornServer | undefined;
  /** The content of a DNS TXT record, as the edge's resolver answers it. */
  resolveTxt(name: string): Promise<string | undefined>;
  port?: number;
}

export interface Origin {
  url: string;
  close(): Promise<void>;
}

/** A message that the intake Worker delivered to Django. */
export interface DeliveredMessage {
  id: string;
  host: string;
  body: unknown;
  at: string;
  /** Whether the delivery bore a signature; the stand-in does not know the key. */
  signed: boolean;
}

/** A server with what it "runs", if anything, and why it does not follow the record. */
type Running = { server: string; machine: number; problem?: string } & Partial<AnnouncedRelease>;

/** An image of this tag-like digest end answers every page but the health ones with an error: a release that looks healthy. */
const BROKEN_IMAGE = /bad[0-9a-f]*$/;

/**
 * Stands in for every server of the world: one HTTP server that says which image it "runs", by the release record that the
 * server's own user-data names, read and verified by the agent of that user-data. It is no Django and runs no container.
 */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const store = openStore(options.world, "origin");
  const messages = store.collection<DeliveredMessage>("messages");

  /** A message with this word in it is refused, as one that the app's model can't hold. */
  let refusedWord: string | undefined;
  const readRecord = openRecordReader();
  /** By the server's id: what it runs goes on where the record is not to be trusted. */
  const releases = store.collection<AnnouncedRelease>("releases");

  async function running(ip: string): Promise<Running | undefined> {
    const server = options.findServer(ip);
    if (!server) return undefined;
    const outcome = await readRecord(server.userData, options.resolveTxt);
    const before = releases.get(String(server.id));
    // A record that is older than what the server has seen is one that somebody kept.
    const good = outcome?.release && outcome.release.at >= (before?.at ?? 0) ? outcome.release : undefined;
    if (good && good.at !== before?.at) releases.put(String(server.id), good);
    const live = good ?? before;
    const problem =
      outcome?.problem ?? (outcome?.release && !good ? "the release record is older" : undefined);
    return { server: server.name, machine: server.id, ...live, ...(problem ? { problem } : {}) };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://origin").pathname;
    const send = (status: number, type: string, body: string) =>
      void response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    const json = (status: number, body: unknown) => send(status, "application/json", JSON.stringify(body));

    const live = await running(String(request.headers["x-rehearsal-ip"] ?? ""));
    if (path === "/_release") {
      response.setHeader("access-control-allow-origin", "*");
      return json(live?.image ? 200 : 503, {
        schema: 1,
        server: live?.server ?? null,
        machine: live ? String(live.machine) : null,
        release: live?.release ?? null,
        image: live?.image ?? null,
        healthy: live?.image !== undefined,
        lastError: live?.problem ?? null,
      });
    }
    if (!live?.image) return send(503, "text/plain", "No image runs on this server yet.\n");
    if (path === "/health") return json(200, { ok: true });
    if (BROKEN_IMAGE.test(live.image)) return send(500, "text/html", "<h1>Server Error (500)</h1>\n");
    if (path === "/intake/messages" && request.method === "POST") {
      const sent = await text(request);
      if (refusedWord !== undefined && sent.includes(refusedWord))
        return json(422, { error: "not storable" });
      const body: unknown = JSON.parse(sent);
      const id = String(
        request.headers["idempotency-key"] ?? z.looseObject({ id: z.string() }).parse(body).id,
      );
      const known = messages.get(id) !== undefined;
      if (!known) {
        const { host = "", "webhook-signature": signature } = request.headers;
        messages.put(id, { id, host, body, at: new Date().toISOString(), signed: signature !== undefined });
      }
      return json(known ? 200 : 201, { id });
    }
    if (path === "/_rehearsal/refusals") {
      refusedWord = request.method === "PUT" ? await text(request) : undefined;
      return json(200, {});
    }
    if (path.startsWith("/static/")) {
      const cookie = path.includes("cookie") ? { "set-cookie": "session=1" } : {};
      response.writeHead(200, {
        "content-type": "text/css",
        "cache-control": "public, max-age=3600",
        ...cookie,
      });
      return void response.end("body { margin: 0 }\n");
    }
    // The edge's own Worker has the paths below /intake, so the inbox is elsewhere.
    if (path === "/inbox") return json(200, messages.list());
    return send(
      200,
      "text/html; charset=utf-8",
      `<!doctype html><title>App</title><h1>Hello from ${live.server}</h1><p>Image <code>${live.image}</code>, release <code>${live.release}</code>.</p>\n`,
    );
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          store.close();
          resolve();
        });
      }),
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
