import { startCloudflare } from "../../clouds/cloudflare/start.ts";
import { startHetzner } from "../../clouds/hetzner/start.ts";
import { type Bench, makeBench } from "./stack.ts";

const TOKENS = {
  hetzner: { write: "hetzner-write-".padEnd(64, "0"), read: "hetzner-read-".padEnd(64, "0") },
  cloudflare: { write: "cloudflare-write-".padEnd(40, "0"), read: "cloudflare-read-".padEnd(40, "0") },
};

/** Both clouds and a bench in one folder. */
export interface World extends Bench {
  hetzner: Api;
  cloudflare: Api & { accountId: string; zoneId: string };
  close(): Promise<void>;
}

/** One cloud, as a person reaches it: past Pulumi. */
export interface Api {
  /** With the API's path. */
  url: string;
  tokens: { write: string; read: string };
  /** One call with the token that writes; gives the JSON of the answer. */
  call<T>(method: string, path: string, body?: object): Promise<T>;
  fault(rule: object): Promise<void>;
  /** `POST /v1/networks` and so on, oldest first, since the last {@link forget}. */
  calls(): Promise<string[]>;
  forget(): Promise<void>;
}

export async function makeWorld(): Promise<World> {
  const bench = makeBench();
  const [hetzner, cloudflare] = await Promise.all([
    startHetzner({ world: bench.dir, tokens: TOKENS.hetzner, actionMs: 30 }),
    startCloudflare({
      world: bench.dir,
      tokens: TOKENS.cloudflare,
      plan: "pro",
      resolveOrigin: async () => undefined,
    }),
  ]);
  return {
    ...bench,
    hetzner: api(hetzner.url, "/v1", TOKENS.hetzner),
    cloudflare: {
      ...api(cloudflare.url, "/client/v4", TOKENS.cloudflare),
      accountId: cloudflare.accountId,
      zoneId: cloudflare.zoneId,
    },
    async close() {
      await Promise.all([hetzner.close(), cloudflare.close()]);
      bench.remove();
    },
  };
}

function api(root: string, path: string, tokens: Api["tokens"]): Api {
  const admin = async (method: string, at: string, body?: object) =>
    fetch(`${root}/_rehearsal/${at}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  return {
    url: `${root}${path}`,
    tokens,
    async call(method, at, body) {
      const response = await fetch(`${root}${path}${at}`, {
        method,
        headers: { authorization: `Bearer ${tokens.write}`, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    fault: async (rule) => void (await admin("POST", "faults", rule)),
    async calls() {
      const list = (await (await admin("GET", "calls")).json()) as { method: string; path: string }[];
      return list.map((call) => `${call.method} ${call.path}`);
    },
    forget: async () => void (await admin("DELETE", "calls")),
  };
}
