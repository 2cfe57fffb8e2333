import { request } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { connect } from "node:tls";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export interface VisitOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A visitor of the rehearsed internet: real TLS through the edge's proxy, trusting its authority only. */
export function openVisitor(edge: {
  url: string;
  ca: string;
}): (url: string, options?: VisitOptions) => Promise<Answer> {
  const proxy = new URL(edge.url);

  const tunnel = (host: string): Promise<Socket> =>
    new Promise((resolve, reject) => {
      request({
        host: proxy.hostname,
        port: proxy.port,
        method: "CONNECT",
        path: `${host}:443`,
        agent: false,
      })
        .on("connect", (_, socket) => resolve(socket as Socket))
        .on("error", reject)
        .end();
    });

  return async (address, options = {}) => {
    const url = new URL(address);
    const common = {
      method: options.method ?? "GET",
      headers: { ...options.headers, host: url.hostname },
    };
    const encrypted = url.protocol === "https:";
    const socket = encrypted ? await tunnel(url.hostname) : undefined;
    return new Promise((resolve, reject) => {
      const outgoing = socket
        ? httpsRequest({
            ...common,
            path: url.pathname + url.search,
            createConnection: () => connect({ socket, servername: url.hostname, ca: edge.ca }),
          })
        : request({ ...common, host: proxy.hostname, port: proxy.port, path: url.href, agent: false });
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const headers = new Headers();
          for (let i = 0; i < incoming.rawHeaders.length; i += 2)
            headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
          resolve({ status: incoming.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString() });
        });
      });
      outgoing.end(options.body);
    });
  };
}
