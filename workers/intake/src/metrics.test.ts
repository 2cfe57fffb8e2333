import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { cleanWorldForEach } from "../test/clean-world.ts";
import { aMessage, INTAKE } from "../test/intake.ts";
import { accept } from "./accept.ts";
import { count } from "./metrics.ts";

cleanWorldForEach();

/** An Analytics Engine dataset answers nothing and can't be read from a Worker; what reaches it is looked at on its way. */
function watched() {
  const points: AnalyticsEngineDataPoint[] = [];
  return { points, INTAKE_METRICS: { writeDataPoint: (point = {}) => void points.push(point) } };
}

async function postTo(
  target: ReturnType<typeof watched>,
  fields: object,
  headers: Record<string, string> = {},
) {
  const request = new Request(INTAKE, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(fields),
  });
  await accept(request, { ...env, ...target }).catch(() => {});
}

it("counts what became of each post, and nothing that was in it", async () => {
  const target = watched();
  const key = { "idempotency-key": "k" };
  await postTo(target, aMessage, key);
  await postTo(target, aMessage, key);
  await postTo(target, { ...aMessage, message: "Other" }, key);
  await postTo(target, { ...aMessage, website: "x" });
  await postTo(target, {});
  expect(target.points.map(({ blobs }) => blobs?.join(" ").trim())).toEqual([
    "accepted",
    "known",
    "refused idempotency-key-reused",
    "honeypot",
    "refused invalid-message",
  ]);
  expect(JSON.stringify(target.points)).not.toMatch(/Ada|example\.org|berth/);
});

it("never costs a message", () => {
  const full = {
    writeDataPoint() {
      throw new Error("too many points");
    },
  };
  expect(() => count({ INTAKE_METRICS: full }, "accepted")).not.toThrow();
});

it("is accompanied by logs that hold nothing a sender wrote", async () => {
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await postTo(watched(), aMessage, { "cf-connecting-ip": "203.0.113.7" });
    await postTo(watched(), { ...aMessage, email: "not an address" });
    await postTo(watched(), { ...aMessage, website: "https://spam.example" });
    expect(lines.mock.calls.map(([line]) => line.event)).toEqual(["accepted", "honeypot"]);
    expect(JSON.stringify(lines.mock.calls)).not.toMatch(/Ada|example\.org|berth|spam|203\.0/);
  } finally {
    lines.mockRestore();
  }
});
