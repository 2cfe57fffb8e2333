import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { send } from "../test/intake.ts";
import { health } from "./health.ts";

it("says which version runs, to any page", async () => {
  const response = await send("/intake/healthz");
  expect(response.status).toBe(200);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toEqual({
    status: "ok",
    reasons: [],
    stack: "local",
    version: env.VERSION.id,
    tag: env.VERSION.tag,
    uploadedAt: env.VERSION.timestamp,
    outbox: { waiting: 0, parked: 0, oldestSeconds: 0 },
    signed: true,
    paused: false,
  });
});

it("says plainly that deliveries are not signed when there is no key", async () => {
  const report = await health({ ...env, INTAKE_SIGNING_KEY: undefined }, Date.now());
  expect(report).toMatchObject({
    status: "degraded",
    signed: false,
    reasons: ["no signing key is set, deliveries are not signed"],
  });
});
