import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HetznerOptions, type RunningHetzner, startHetzner } from "./start.ts";

/** JSON as a test reads it: any property may be asked for. */
// biome-ignore lint/suspicious/noExplicitAny: answers of an API are asserted on, not typed, in tests
export type Json = any;

export interface TestCloud {
  cloud: RunningHetzner;
  /** Calls the API: `["POST", "/servers", {…}]`. Returns status, body and headers. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: { [name: string]: string },
  ): Promise<{ status: number; body: Json; headers: Headers }>;
  /** Moves the clock on, in milliseconds; nothing else moves it. */
  pass(ms: number): void;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const TOKENS = { write: "hetzner-write-token", read: "hetzner-read-token" };

/** A Hetzner cloud in a world of its own, with a clock that the test moves. */
export async function startTestCloud(options: Partial<HetznerOptions> = {}): Promise<TestCloud> {
  const world = mkdtempSync(join(tmpdir(), "quayside-hetzner-"));
  let time = Date.parse("2026-10-01T12:00:00Z");
  // Actions take what the tests let pass, on a clock of theirs.
  const own = { world, tokens: TOKENS, now: () => new Date(time), actionMs: 150 };
  const start = () => startHetzner({ ...own, ...options });
  let cloud = await start();
  return {
    get cloud() {
      return cloud;
    },
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${cloud.url}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKENS.write}`, ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === "" ? undefined : JSON.parse(text),
        headers: response.headers,
      };
    },
    pass(ms) {
      time += ms;
    },
    async restart() {
      await cloud.close();
      cloud = await start();
    },
    async stop() {
      await cloud.close();
      rmSync(world, { recursive: true, force: true });
    },
  };
}
