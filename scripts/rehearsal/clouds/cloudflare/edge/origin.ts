import { request } from "node:http";
import { errorPage } from "./error-page.ts";
import type { Visit } from "./visit.ts";

const TIMEOUT_MS = 10_000;

/**
 * Lets the server of an address answer, by the local HTTP server that stands for it.
 * Undefined when nobody stands for the address; error 521 when that server refuses the connection.
 */
export async function askOrigin(
  ip: string,
  visit: Visit,
  resolveOrigin: (ip: string) => Promise<string | undefined>,
): Promise<Response | undefined> {
  const base = await resolveOrigin(ip);
  if (base === undefined) return undefined;
  const target = new URL(base);
  const headers: Record<string, string> = { ...Object.fromEntries(visit.headers), "x-rehearsal-ip": ip };
  delete headers["content-length"];
  if (visit.body) headers["content-length"] = String(visit.body.length);
  return new Promise((resolve) => {
    const outgoing = request(
      {
        host: target.hostname,
        port: target.port,
        path: visit.url.pathname + visit.url.search,
        method: visit.method,
        headers,
        timeout: TIMEOUT_MS,
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", () => resolve(errorPage(520, visit, "0")));
        incoming.on("end", () => {
          const answer = new Headers();
          for (let i = 0; i < incoming.rawHeaders.length; i += 2)
            answer.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
          answer.delete("content-length");
          answer.delete("transfer-encoding");
          const status = incoming.statusCode ?? 520;
          const empty = status < 200 || [204, 205, 304].includes(status);
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: answer }));
        });
      },
    );
    outgoing.on("timeout", () => {
      outgoing.destroy();
      resolve(errorPage(522, visit, "0"));
    });
    outgoing.on("error", () => resolve(errorPage(521, visit, "0")));
    outgoing.end(visit.body);
  });
}
