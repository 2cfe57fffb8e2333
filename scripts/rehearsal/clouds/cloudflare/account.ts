import { Hono } from "hono";
import type { Faults } from "../base/faults.ts";
import type { Tokens } from "./api/auth.ts";
import { cloudflareApi } from "./app.ts";
import type { EdgeParts } from "./edge/answer.ts";
import { EdgeCache } from "./edge/cache.ts";
import { Firewall } from "./edge/firewall.ts";
import { Invocations } from "./edge/invocations.ts";
import { RateLimiter } from "./edge/rate-limiter.ts";
import { openWorkers, type Workers } from "./edge/workers.ts";
import { type CloudState, openState, type StateOptions } from "./state.ts";

/** One account: what it holds, its API, and what of it the edge serves. */
export interface Account {
  state: CloudState;
  workers: Workers;
  parts: EdgeParts;
  api: Hono;
}

export function openAccount(
  options: StateOptions & { enforceRateLimit?: boolean },
  faults: Faults,
  tokens: Tokens,
): Account {
  const state = openState(options);
  const workers = openWorkers(state);
  const parts = {
    cache: new EdgeCache(state),
    firewall: new Firewall(state, new RateLimiter(state.now)),
    invocations: new Invocations(),
  };
  const api = cloudflareApi(state, workers, parts, faults, {
    tokens,
    enforceRateLimit: options.enforceRateLimit ?? false,
  });
  return { state, workers, parts, api };
}

/** One API for two accounts: a token opens its own. An upload token of Pages says itself whose it is. */
export function tokenChooses(
  first: Account,
  second: Account | undefined,
  secondToken: string | undefined,
): Hono {
  if (!second) return first.api;
  const api = new Hono();
  api.all("*", (c) => {
    const token = c.req.header("authorization")?.replace(/^Bearer /, "") ?? "";
    const isSecond = token === secondToken || accountOfUpload(token) === second.state.accountId;
    return (isSecond ? second : first).api.fetch(c.req.raw);
  });
  return api;
}

/** The account that a JWT of Pages names; its signature is checked by the account itself. */
function accountOfUpload(token: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return typeof payload === "object" && payload !== null && "account" in payload
      ? String(payload.account)
      : undefined;
  } catch {
    return undefined;
  }
}
