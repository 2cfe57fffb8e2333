import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { Account } from "../account.ts";
import { s3 } from "../s3/app.ts";
import type { CloudState } from "../state.ts";
import { openAnswers } from "./answer.ts";
import { openAuthority, serverContexts } from "./certificates.ts";
import { DEFAULT_VISITOR, SCHEME_HEADER, VISITOR_HEADER, type Visit } from "./visit.ts";

export interface Edge {
  url: string;
  /** PEM of the authority behind every certificate of the edge; also in `<world>/edge-ca.pem`. */
  ca: string;
  close(): Promise<void>;
}

/** Headers between this edge and its next hop only (RFC 9110, 7.6.1), and those that only the rehearsal knows. */
const HOP_HEADERS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "upgrade",
  SCHEME_HEADER,
]);

/** The S3 interface of an account's buckets. https://developers.cloudflare.com/r2/api/s3/ */
const R2_HOST = /^([0-9a-f]{32})\.r2\.cloudflarestorage\.com$/;

/**
 * Starts the rehearsed internet on 127.0.0.1: plain requests by Host header, absolute-form proxy requests, and CONNECT,
 * behind which TLS is spoken for whatever name the client asks for (port 443) or plain HTTP (port 80).
 */
export async function startEdge(
  world: string,
  accounts: readonly Account[],
  options: { port: number; resolveOrigin(ip: string): Promise<string | undefined> },
): Promise<Edge> {
  const authority = await openAuthority(world, "edge-ca", "CN=Rehearsed Internet CA");
  const contextFor = serverContexts(authority);
  const answers = accounts.map(({ state, workers, parts }) =>
    openAnswers(state, workers, parts, options.resolveOrigin),
  );
  const buckets = accounts.map(({ state }) => ({ account: state.accountId, api: s3(state) }));
  const answer = async (visit: Visit): Promise<Response> => {
    const storage = R2_HOST.exec(visit.url.hostname);
    if (storage) {
      const { api } = buckets.find(({ account }) => account === storage[1]) ?? {};
      const { url, method, headers, body } = visit;
      const init = { method, headers, ...(body === undefined ? {} : { body: new Uint8Array(body) }) };
      return (await api?.fetch(new Request(url, init))) ?? new Response(null, { status: 400 });
    }
    const owner = accounts.findIndex(({ state }) => isHostOf(state, visit.url.hostname));
    return (answers[owner] ?? answers[0])?.(visit) ?? Promise.resolve(new Response(null, { status: 502 }));
  };
  for (const { workers } of accounts) workers.setOutbound(answer);

  const http = createServer((request, response) => {
    void respond(request, response).catch((error: Error) => {
      process.stderr.write(`edge: ${error.stack}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const visit = await visitOf(request);
    if (!visit) {
      response.writeHead(400).end();
      return;
    }
    await write(await answer(visit), response, request.method === "HEAD");
  };

  const tls = createTlsServer({
    ALPNProtocols: ["http/1.1"],
    SNICallback: (name, done) => {
      contextFor(name).then(
        (context) => done(null, context),
        (error: Error) => done(error),
      );
    },
  });
  tls.on("secureConnection", (socket) => http.emit("connection", socket));
  tls.on("tlsClientError", () => {});
  const tunnels = new Set<Duplex>();
  http.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.on("close", () => tunnels.delete(socket));
    socket.on("error", () => {});
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    const port = /:(\d+)$/.exec(request.url ?? "")?.[1];
    (port === "80" ? http : tls).emit("connection", socket);
  });

  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ca: authority.certificate,
    close: () =>
      new Promise((resolve) => {
        for (const socket of tunnels) socket.destroy();
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
}

/** Whether an account has a host: below its workers.dev subdomain, one of its Pages projects, or in one of its zones. */
function isHostOf(state: CloudState, host: string): boolean {
  if (host.endsWith(`.${state.workersSubdomain}.workers.dev`)) return true;
  if (host.endsWith(".pages.dev")) return state.pagesProjects.get(host.split(".").at(-3) ?? "") !== undefined;
  return state.zoneOf(host) !== undefined;
}

async function visitOf(request: IncomingMessage): Promise<Visit | undefined> {
  const headers = new Headers();
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]?.toLowerCase() ?? "";
    if (!HOP_HEADERS.has(name)) headers.append(name, request.rawHeaders[i + 1] ?? "");
  }
  const encrypted = (request.socket as Socket) instanceof TLSSocket;
  const scheme = encrypted || request.headers[SCHEME_HEADER] === "https" ? "https" : "http";
  const target = request.url ?? "/";
  let url: URL;
  try {
    url = new URL(/^https?:\/\//.test(target) ? target : `${scheme}://${request.headers.host}${target}`);
  } catch {
    return undefined;
  }
  // The edge listens on a port of its own; the visitor means 80 or 443.
  if (!encrypted) url.port = "";
  headers.set("host", url.hostname);
  const ip = headers.get(VISITOR_HEADER) ?? DEFAULT_VISITOR;
  headers.delete(VISITOR_HEADER);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return { url, method: request.method ?? "GET", headers, ip, ...(body.length > 0 ? { body } : {}) };
}

async function write(answer: Response, response: ServerResponse, head: boolean): Promise<void> {
  const cookies = answer.headers.getSetCookie();
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of answer.headers) if (!HOP_HEADERS.has(name)) headers[name] = value;
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  const body = answer.body === null ? undefined : Buffer.from(await answer.arrayBuffer());
  if (body && !head) headers["content-length"] = String(body.length);
  response.writeHead(answer.status, headers);
  response.end(head ? undefined : body);
}
