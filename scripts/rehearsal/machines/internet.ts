import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { type Authority, serverContexts } from "../clouds/cloudflare/edge/certificates.ts";
import type { Registry } from "./registry.ts";

/** The rehearsed registry's name. */
export const REGISTRY = "registry.quayside.example";

export interface Clouds {
  edge: { url: string };
  doppler: { url: string };
  cloudflare: { accountId: string };
}

/** The names that machines ask, besides the zone's own hosts. */
export function namesOf({ cloudflare }: Clouds): string[] {
  return [
    "cloudflare-dns.com",
    "dns.google",
    "api.doppler.com",
    `${cloudflare.accountId}.r2.cloudflarestorage.com`,
    REGISTRY,
    ...["app-dev", "server1-dev", "server2-dev"].map((label) => `${label}.example.com`),
  ];
}

/**
 * What answers machines on port 443, whatever name they ask for, with a certificate of the rehearsed internet: the registry,
 * Doppler, and for every other name the edge.
 */
export async function openInternet(
  authority: Authority,
  sockets: string,
  registry: Registry,
  clouds: () => Clouds | undefined,
): Promise<{ close(): void }> {
  const contextFor = serverContexts(authority);
  const http = createServer((incoming, outgoing) => {
    const host = (incoming.headers.host ?? "").split(":")[0] ?? "";
    if (host === REGISTRY) return registry.answer(incoming, outgoing);
    const known = clouds();
    if (known === undefined) return void outgoing.writeHead(503).end();
    if (host === "api.doppler.com") return pass(known.doppler.url, incoming, outgoing);
    // The edge takes a plain request's scheme from this header.
    return pass(known.edge.url, incoming, outgoing, { "x-rehearsal-scheme": "https" });
  });
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
  const path = join(sockets, "internet.sock");
  rmSync(path, { force: true });
  await new Promise<void>((resolve) => tls.listen(path, resolve));
  return {
    close() {
      http.closeAllConnections();
      tls.close();
    },
  };
}

function pass(
  base: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  headers: Record<string, string> = {},
): void {
  const { hostname, port } = new URL(base);
  const onward = request(
    {
      hostname,
      port,
      path: incoming.url,
      method: incoming.method,
      headers: { ...incoming.headers, ...headers },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
