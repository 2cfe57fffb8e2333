import { execa } from "execa";
import { z } from "zod";

/** What somebody on the internet sees: a request through the edge, as a browser would make it. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  json(): unknown;
}

const Printed = z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.string() });

/** Visits addresses of the rehearsed internet by HTTPS, with the edge as the way out and its CA as the trusted one. */
export class Visitor {
  readonly #env: Record<string, string>;

  constructor(edge: { url: string; ca: string }) {
    // Proxies and trust are settings of a Node process, so a visitor is one.
    this.#env = {
      PATH: process.env.PATH ?? "",
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: edge.url,
      HTTP_PROXY: edge.url,
      NODE_EXTRA_CA_CERTS: edge.ca,
    };
  }

  /** Asks for all of the addresses at once. */
  async visit(
    ...requests: (
      | string
      | { url: string; method?: string; headers?: Record<string, string>; body?: string }
    )[]
  ): Promise<Answer[]> {
    const list = requests.map((request) => (typeof request === "string" ? { url: request } : request));
    const { stdout } = await execa(
      process.execPath,
      ["--no-warnings", "--input-type=module", "--eval", SCRIPT],
      {
        env: this.#env,
        extendEnv: false,
        input: JSON.stringify(list),
      },
    );
    return z
      .array(Printed)
      .parse(JSON.parse(stdout))
      .map((answer) => ({ ...answer, json: () => JSON.parse(answer.body) as unknown }));
  }
}

const SCRIPT = `
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const answers = await Promise.all(JSON.parse(Buffer.concat(chunks)).map(async ({ url, ...init }) => {
    try {
      const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(15000) });
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    } catch (error) {
      return { status: 0, headers: {}, body: String(error.cause ?? error) };
    }
  }));
  process.stdout.write(JSON.stringify(answers));
`;
