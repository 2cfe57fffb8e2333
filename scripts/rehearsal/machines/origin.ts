import { webcrypto } from "node:crypto";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import { openAuthority, signServer } from "../clouds/cloudflare/edge/certificates.ts";
import { x509Library } from "../x509.ts";

/** What the edge shows to origins: its own client certificate, and the authorities that it believes. */
export interface EdgeIdentity {
  /** PEM; machines must believe it. */
  authority: string;
  certificate: string;
  key: string;
}

/** The rehearsed edge's client certificate, in the place of the one that only Cloudflare has the key of. */
export async function edgeIdentity(world: string): Promise<EdgeIdentity> {
  const x509 = await x509Library();
  const authority = await openAuthority(world, "origin-pull-ca", "CN=Rehearsed origin-pull.cloudflare.net");
  const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const certificate = await signServer(authority, {
    hostnames: ["origin-pull.cloudflare.net"],
    publicKey: keys.publicKey,
    subject: "CN=origin-pull.cloudflare.net",
    notBefore: new Date(Date.now() - 24 * 3600 * 1000),
    notAfter: new Date(Date.now() + 90 * 24 * 3600 * 1000),
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    authority: authority.certificate,
    certificate: `${certificate.toString("pem")}\n`,
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}

/**
 * The last stretch of the way to the machines: takes what the edge asks of an address, and asks the machine there by TLS, with
 * the edge's client certificate where the zone has Authenticated Origin Pulls. Connections are kept, as Cloudflare keeps them.
 */
export async function openOrigin(options: {
  identity: EdgeIdentity;
  /** The authority behind the machines' certificates, PEM; strict, as the zone's setting is. */
  originAuthority(): string;
  /** The socket that leads to a machine's port 443; undefined where nobody has the address. */
  doorOf(ip: string): string | undefined;
}): Promise<{ url: string; close(): void }> {
  const agents = new Map<string, Agent>();
  const agentFor = (door: string, host: string, showCertificate: boolean): Agent => {
    const key = `${door} ${host} ${showCertificate}`;
    const known = agents.get(key);
    if (known) return known;
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    agent.createConnection = () =>
      connectTls({
        socket: connectSocket(door),
        servername: host,
        ca: options.originAuthority(),
        ALPNProtocols: ["http/1.1"],
        ...(showCertificate ? { cert: options.identity.certificate, key: options.identity.key } : {}),
      });
    agents.set(key, agent);
    return agent;
  };

  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { "x-rehearsal-ip": ip = "", "x-rehearsal-client-cert": shown, ...headers } = incoming.headers;
    const door = options.doorOf(String(ip));
    // As when nobody answers at the address.
    if (door === undefined) return void incoming.socket.destroy();
    const host = String(headers.host ?? "").split(":")[0] ?? "";
    const agent = agentFor(door, host, shown !== undefined);
    const onward = request({ agent, path: incoming.url, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const agent of agents.values()) agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
