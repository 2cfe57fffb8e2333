import { createScheduledController, env } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import worker from "./index.ts";

const PAGE = { headers: { accept: "text/html,application/xhtml+xml" } };
const ask = (url: string, init?: RequestInit) => exports.default.fetch(new Request(url, init));

/** What stands behind the edge for the time of a test. */
function behind(answer: (request: Request) => Response | Promise<Response>): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => answer(new Request(input, init)));
}
afterEach(() => vi.restoreAllMocks());

test("what the app answers passes as it is, errors of its own too", async () => {
  behind((request) =>
    new URL(request.url).pathname === "/broken"
      ? new Response("a bug", { status: 500 })
      : new Response(request.method, { status: 201, headers: { "set-cookie": "a=1", location: "/there" } }),
  );
  const passed = await ask("https://app.example.com/orders", { method: "POST", body: "x", ...PAGE });
  expect([passed.status, await passed.text()]).toEqual([201, "POST"]);
  expect(passed.headers.get("set-cookie")).toBe("a=1");
  expect((await ask("https://app.example.com/broken", PAGE)).status).toBe(500);
});

test.each([502, 503, 504, 521, 522, 530])(
  "a person who asks for a page while the answer is %d gets the maintenance page",
  async (status) => {
    behind(() => new Response("error", { status }));
    const response = await ask("https://app-dev.example.com/orders?page=2", PAGE);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toMatch(/style-src 'sha256-[\w+/]{43}='/);
    const text = await response.text();
    expect(text).toContain("Back in a moment.");
    expect(text).toContain('href="https://status-dev.example.com/"');
    expect(text).toContain('href="/orders?page=2"');
    expect(text).not.toMatch(/\{\{|<script|src=/);
  },
);

test("an address can't break out of the page", async () => {
  behind(() => new Response("error", { status: 522 }));
  const text = await (await ask(`https://app.example.com/?q="><img>`, PAGE)).text();
  expect(text).not.toMatch(/"><img/);
});

test("so does one whose connection breaks", async () => {
  behind(() => Promise.reject(new Error("connection lost")));
  expect((await ask("https://app.example.com/", PAGE)).status).toBe(503);
});

test("programs and forms see the answer itself, so that they can tell what it is", async () => {
  behind(() => new Response("error", { status: 522 }));
  for (const init of [{ headers: { accept: "application/json" } }, { method: "POST", body: "x", ...PAGE }])
    expect((await ask("https://app.example.com/", init)).status).toBe(522);
});

test("healthz names the stack and the version", async () => {
  expect(await (await ask("https://app.example.com/watch/healthz")).json()).toMatchObject({
    status: "ok",
    stack: "local",
    version: expect.any(String),
  });
});

test("each round of the schedule is in the history", async () => {
  behind((request) =>
    request.url.endsWith("/_release") ? new Response("error", { status: 522 }) : Response.json({}),
  );
  const round = createScheduledController({
    scheduledTime: new Date(Date.UTC(2026, 10, 25, 9)),
    cron: "*/5 * * * *",
  });
  await worker.scheduled(round, env);
  const response = await ask("https://status.example.com/watch/history");
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(await response.json()).toEqual({
    askedAt: "2026-11-25T09:00:00.000Z",
    days: [
      {
        date: "2026-11-25",
        parts: {
          Application: { asked: 1, ok: 0 },
          Intake: { asked: 1, ok: 1 },
          Website: { asked: 1, ok: 1 },
        },
      },
    ],
    outages: [
      {
        part: "Application",
        from: "2026-11-25T09:00:00.000Z",
        to: null,
        why: "It answered with the error 522.",
      },
    ],
  });
});
