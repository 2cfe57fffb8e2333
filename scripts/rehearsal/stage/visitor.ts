import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";

/** What somebody on the internet sees: a request through the edge, as a browser would make it. */
export interface Answer {
  /** 0 where there is none; the body says why. */
  status: number;
  headers: Record<string, string>;
  body: string;
  json(): unknown;
}

export interface Visit {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

const LIMIT_MS = 15_000;

/** Visits addresses of the rehearsed internet, with the edge as the way out and its CA as the only trusted one. */
export class Visitor {
  readonly #plain: http.Agent;
  readonly #tls: https.Agent;

  constructor(edge: { url: string; ca: string }) {
    const proxyEnv = { HTTPS_PROXY: edge.url, HTTP_PROXY: edge.url };
    this.#plain = new http.Agent({ proxyEnv });
    this.#tls = new https.Agent({ proxyEnv, ca: readFileSync(edge.ca) });
  }

  /** Asks for all of the addresses at once, and follows no redirection. */
  visit(...visits: (string | Visit)[]): Promise<Answer[]> {
    return Promise.all(
      visits.map((visit) => this.#visit(typeof visit === "string" ? { url: visit } : visit)),
    );
  }

  async #visit(visit: Visit): Promise<Answer> {
    const { status, headers, body } = await this.#ask(visit).catch((error: Error) => ({
      status: 0,
      headers: {},
      body: String(error),
    }));
    return { status, headers, body, json: () => JSON.parse(body) as unknown };
  }

  async #ask({ url, method = "GET", headers = {}, body }: Visit): Promise<Omit<Answer, "json">> {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const options = { method, headers: { "user-agent": "visitor", ...headers } };
      const signal = AbortSignal.timeout(LIMIT_MS);
      const request = url.startsWith("https:")
        ? https.request(url, { ...options, signal, agent: this.#tls })
        : http.request(url, { ...options, signal, agent: this.#plain });
      request.once("response", resolve).once("error", reject).end(body);
    });
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
      ),
      body: await text(response),
    };
  }
}
