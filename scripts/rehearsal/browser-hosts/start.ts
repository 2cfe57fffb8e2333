import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { x509Library } from "../x509.ts";

/** An answer that a host gives beside its files, by path; `silent` never answers. */
export type Answer = { status?: number; headers?: Record<string, string>; body: string } | "silent";

export interface Host {
  /** A site's folder, served as Pages does: `thanks.html` is `/thanks`, 404.html for the rest, headers by `_headers`. */
  folder?: string;
  /** By `METHOD /path`. */
  answers?: Record<string, Answer>;
}

/** What a host was asked, without the requests for files. */
export interface Asked {
  host: string;
  route: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface StaticHosts {
  port: number;
  /** Arguments that make a Chromium find the hosts here. */
  chromiumArgs: string[];
  asked: Asked[];
  /** Hosts may be changed at any time. */
  hosts: Record<string, Host>;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".json": "application/json",
};

/** Serves several hosts over TLS on one free port of 127.0.0.1, for browsers that are to see them under their own names. */
export async function startStaticHosts(hosts: Record<string, Host>): Promise<StaticHosts> {
  const asked: Asked[] = [];
  const server: Server = createServer(await certificate(), async (request, response) => {
    const name = (request.headers.host ?? "").replace(/:\d+$/, "");
    const path = new URL(request.url ?? "/", "https://host").pathname;
    const host = hosts[name];
    const route = `${request.method} ${path}`;
    const answer = host?.answers?.[route];
    if (answer) {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      asked.push({ host: name, route, headers: request.headers, body });
      if (answer === "silent") return;
      response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
      return;
    }
    if (!host?.folder) {
      response.socket?.destroy();
      return;
    }
    const headers = await siteHeaders(host.folder, path);
    const file = (await fileOf(host.folder, path)) ?? { status: 404, path: join(host.folder, "404.html") };
    response.writeHead(file.status, {
      ...headers,
      "content-type": TYPES[extname(file.path)] ?? "text/plain",
    });
    response.end(await readFile(file.path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    chromiumArgs: [
      `--host-resolver-rules=${Object.keys(hosts)
        .map((host) => `MAP ${host}:443 127.0.0.1:${port}`)
        .join(", ")}`,
      "--ignore-certificate-errors",
    ],
    asked,
    hosts,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function fileOf(folder: string, path: string): Promise<{ status: number; path: string } | undefined> {
  const inside = join(folder, normalize(path));
  for (const candidate of path.endsWith("/") ? [join(inside, "index.html")] : [inside, `${inside}.html`]) {
    try {
      await readFile(candidate);
      return { status: 200, path: candidate };
    } catch {}
  }
  return undefined;
}

/**
 * The headers that a site's `_headers` gives a path: rules for paths, `*` for any rest. Rules for whole URLs are left out.
 * https://developers.cloudflare.com/pages/configuration/headers/
 */
async function siteHeaders(folder: string, path: string): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  let applies = false;
  for (const line of (await readFile(join(folder, "_headers"), "utf8")).split("\n")) {
    if (/^\s*(#|$)/.test(line)) continue;
    if (/^\S/.test(line)) {
      const pattern = line.trim();
      applies = pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
    } else if (applies) {
      const [, name = "", value = ""] = /^\s+([^:]+):\s*(.*)$/.exec(line) ?? [];
      headers[name.toLowerCase()] = value.trim();
    }
  }
  return headers;
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const x509 = await x509Library();
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"), cert: cert.toString("pem") };
}
