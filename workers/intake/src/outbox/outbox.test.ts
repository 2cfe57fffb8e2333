import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createHmac } from "node:crypto";
import { expect, it, vi } from "vitest";
import { backend, receivedTexts } from "../../test/backend.ts";
import { cleanWorldForEach } from "../../test/clean-world.ts";
import { aMessage, neighbours, pass, post, send } from "../../test/intake.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

cleanWorldForEach();

async function say(message: string, email = aMessage.email): Promise<string> {
  const response = await post({ ...aMessage, email, message });
  expect(response.status).toBe(202);
  return (await response.json<{ id: string }>()).id;
}

async function health() {
  return (await send("/intake/healthz")).json<{
    status: string;
    reasons: string[];
    outbox: { waiting: number; parked: number; oldestSeconds: number };
  }>();
}

const operator = { authorization: "Bearer operator-test-key" };
async function deadLetters() {
  const response = await send("/intake/dead-letters", { headers: operator });
  return (await response.json<{ deadLetters: { id: string; error: string; attempts: number }[] }>())
    .deadLetters;
}

async function onDeadLetters(action: "replay" | "purge", ids: string[]) {
  const body = JSON.stringify({ ids });
  const response = await send(`/intake/dead-letters/${action}`, { method: "POST", headers: operator, body });
  return response.json();
}

it("delivers what was sent, signed, with the id as idempotency key", async () => {
  const id = await say("Good morning");
  await pass(0);
  const [request] = await backend.received();
  const body = request?.body ?? "";
  expect(JSON.parse(body)).toEqual({
    id,
    receivedAt: "2100-01-01T00:00:00.000Z",
    stack: "local",
    message: { ...aMessage, message: "Good morning" },
  });
  expect(request?.headers).toMatchObject({
    "content-type": "application/json",
    "idempotency-key": id,
    "webhook-id": id,
    "webhook-timestamp": "4102444800",
    "intake-attempt": "1",
  });
  const hmac = createHmac("sha256", "quayside-test-key-0001").update(`${id}.4102444800.${body}`);
  expect(request?.headers["webhook-signature"]).toBe(`v1,${hmac.digest("base64")}`);
  expect((await health()).outbox.waiting).toBe(0);
});

it.each([500, 503, 401, 404, 302, 429, 0])(
  "keeps a message while the backend answers %i, and delivers it later",
  async (status) => {
    await backend.answers({ status, times: 3 });
    await say("Patience");
    for (let minute = 0; minute < 4; minute++) await pass(minute * MINUTE);
    expect((await backend.received()).map((request) => request.status)).toEqual([
      status,
      status,
      status,
      201,
    ]);
    const attempts = (await backend.received()).map((request) => request.headers["intake-attempt"]);
    expect(attempts).toEqual(["1", "2", "3", "4"]);
    expect((await health()).outbox).toEqual({ waiting: 0, parked: 0, oldestSeconds: 0 });
  },
);

it("does not come back before the backend's Retry-After", async () => {
  await backend.answers({ status: 503, headers: { "retry-after": "600" }, times: 1 });
  await say("Later");
  await pass(0);
  await pass(599_000);
  expect(await backend.received()).toHaveLength(1);
  await pass(2_000);
  expect(await backend.received()).toHaveLength(2);
});

it("delivers one sender's messages in the order in which they came, across failures", async () => {
  for (const text of ["one", "two", "three", "four"]) await say(text);
  await backend.answers({ status: 503, where: '"two"', times: 2 });
  for (let round = 0; round < 6; round++) await pass(10_000);
  expect(await receivedTexts()).toEqual(["one", "two", "two", "two", "three", "four"]);
});

it("does not let one sender's trouble hold up the others", async () => {
  await backend.answers({ status: 500, where: "stuck" });
  await say("stuck", "a@example.org");
  await pass(0);
  const others = await neighbours("a@example.org", 20);
  for (const email of others) await say(email, email);
  for (let round = 0; round < 4; round++) await pass(MINUTE);
  expect((await receivedTexts()).filter((text) => text !== "stuck").sort()).toEqual(others.sort());
});

it("asks with one message only while the backend is down, and gives up none of them", async () => {
  await backend.answers({ status: 503 });
  for (const email of await neighbours("a@example.org", 20)) await say(email, email);
  await pass(0);
  await backend.reset();
  await backend.answers({ status: 503 });
  for (let minute = 0; minute < 30; minute++) await pass(MINUTE);
  // One outbox: a minute's patience is reached after 7 questions, from then on at most one in 2.5 minutes.
  expect((await backend.received()).length).toBeLessThan(7 + 12);
  expect((await health()).outbox).toMatchObject({ waiting: 20, parked: 0 });
  expect((await health()).reasons.join()).toContain("the backend does not take messages");

  await backend.reset();
  for (let minute = 0; minute < 12; minute++) await pass(MINUTE);
  expect(new Set(await receivedTexts()).size).toBe(20);
  expect(await backend.received()).toHaveLength(20);
});

it.each([400, 413, 415, 422])(
  "parks a message that the backend refuses with %i, and goes on with the next",
  async (status) => {
    await backend.answers({ status, where: "refused" });
    const id = await say("refused");
    await say("welcome");
    await pass(0);
    await pass(MINUTE);
    expect(await receivedTexts()).toEqual(["refused", "welcome"]);
    expect(await deadLetters()).toMatchObject([{ id, error: `HTTP ${status}`, attempts: 1 }]);
    expect(await health()).toMatchObject({
      status: "degraded",
      reasons: ["1 messages are parked for an operator"],
      outbox: { waiting: 0, parked: 1 },
    });
  },
);

it("parks a message that keeps failing while others of its outbox arrive", async () => {
  await backend.answers({ status: 500, where: "poison" });
  const id = await say("poison", "poison@example.org");
  const [healthy] = await neighbours("poison@example.org", 1);
  for (let round = 0; round < 12; round++) {
    // The first failure is nobody's, the ten after it are its own.
    if (round < 10) expect(await deadLetters()).toEqual([]);
    await say(`round ${round}`, healthy);
    await pass(6 * MINUTE);
    await pass(6 * MINUTE);
  }
  expect(await deadLetters()).toMatchObject([{ id, error: "HTTP 500" }]);
});

it("parks a message after a week without success, whoever is to blame", async () => {
  await backend.answers({ status: 503 });
  const id = await say("old");
  for (let day = 0; day < 7; day++) await pass(DAY - 1);
  expect(await deadLetters()).toEqual([]);
  await pass(DAY);
  expect(await deadLetters()).toMatchObject([{ id, error: "HTTP 503" }]);
});

it("delivers a dead letter again when an operator replays it", async () => {
  await backend.answers({ status: 422, times: 1 });
  const id = await say("again");
  await pass(0);
  const unknown = crypto.randomUUID();
  expect(await onDeadLetters("replay", [id, unknown])).toEqual({ done: [id], missing: [unknown] });
  await pass(0);
  expect((await backend.received()).map((request) => request.headers["webhook-id"])).toEqual([id, id]);
  expect(await deadLetters()).toEqual([]);
});

it("forgets a dead letter when an operator purges it", async () => {
  await backend.answers({ status: 422 });
  const id = await say("gone");
  await pass(0);
  expect(await onDeadLetters("purge", [id])).toEqual({ done: [id], missing: [] });
  expect(await onDeadLetters("purge", [id])).toEqual({ done: [], missing: [id] });
  expect(await deadLetters()).toEqual([]);
  await pass(MINUTE);
  const { results } = await env.INTAKE_ARCHIVE.prepare("SELECT id, outcome FROM outcomes").all();
  expect(results).toEqual([{ id, outcome: "purged" }]);
});

it("lists dead letters without what is in them, and shows one of them whole", async () => {
  await backend.answers({ status: 422 });
  const id = await say("secret words");
  await pass(0);
  expect(JSON.stringify(await deadLetters())).not.toMatch(/secret words|example\.org/);
  const shown = await send(`/intake/dead-letters/${id}`, { headers: operator });
  expect(await shown.json()).toMatchObject({ id, message: { message: "secret words" } });
  expect((await send(`/intake/dead-letters/${crypto.randomUUID()}`, { headers: operator })).status).toBe(404);
});

it.each(["", "[]", '{"ids": []}', '{"ids": ["no-uuid"]}'])("refuses to replay or purge %s", async (body) => {
  for (const action of ["replay", "purge"]) {
    const response = await send(`/intake/dead-letters/${action}`, {
      method: "POST",
      headers: operator,
      body,
    });
    expect(await response.json()).toMatchObject({ status: 400, code: "malformed-json" });
  }
});

it("opens dead letters to no one without the operator's key", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }] as Record<string, string>[]) {
    expect((await send("/intake/dead-letters", { headers })).status).toBe(401);
    expect((await send("/intake/dead-letters/x", { headers })).status).toBe(401);
    expect((await send("/intake/dead-letters/purge", { method: "POST", headers })).status).toBe(401);
    expect((await send("/intake/dead-letters/replay", { method: "POST", headers })).status).toBe(401);
  }
});

it("parks after as few tries as the settings say", async () => {
  await env.INTAKE_SETTINGS.put("settings", '{"maxTries": 1}');
  await backend.answers({ status: 500, where: "poison" });
  const id = await say("poison", "poison@example.org");
  const [healthy] = await neighbours("poison@example.org", 1);
  await pass(0);
  await say("fine", healthy);
  await pass(MINUTE);
  await pass(MINUTE);
  expect(await deadLetters()).toMatchObject([{ id, attempts: 2 }]);
});

it("takes no more of one sender than the limit says, from others as before", async () => {
  await env.INTAKE_SETTINGS.put("settings", '{"senderLimit": {"messages": 2, "seconds": 60}}');
  await say("one");
  vi.setSystemTime(Date.now() + 20_000);
  const headers = { "idempotency-key": "two" };
  await post({ ...aMessage, message: "two" }, headers);
  const third = await post({ ...aMessage, message: "three" });
  expect(third.status).toBe(429);
  expect(third.headers.get("retry-after")).toBe("40");
  expect(await third.json()).toMatchObject({ code: "too-many-messages" });
  // Sent again, not another one.
  expect((await post({ ...aMessage, message: "two" }, headers)).status).toBe(202);
  await say("other", "other@example.org");
  vi.setSystemTime(Date.now() + 40_000);
  await say("three");
  expect((await post({ ...aMessage, message: "four" })).status).toBe(429);
});

it("holds deliveries back while the settings say so", async () => {
  await env.INTAKE_SETTINGS.put("settings", '{"paused": true}');
  await say("held");
  await pass(0);
  await pass(5 * MINUTE);
  expect(await backend.received()).toEqual([]);
  expect((await health()).reasons).toEqual(["deliveries are paused, messages are kept"]);
});

it("holds back what comes next, too, until the time that the backend asked for", async () => {
  await backend.answers({ status: 503, headers: { "retry-after": "600" }, times: 1 });
  await say("first", "a@example.org");
  await pass(0);
  for (const email of await neighbours("a@example.org", 3)) await say(email, email);
  await pass(599_000);
  expect(await backend.received()).toHaveLength(1);
  await pass(2_000);
  expect(await backend.received()).toHaveLength(5);
});

it("goes on where it was after the objects were killed", async () => {
  await backend.answers({ status: 503, times: 1 });
  const id = await say("survivor");
  await pass(0);
  await abortAllDurableObjects();
  expect((await health()).outbox.waiting).toBe(1);
  await pass(5 * MINUTE);
  expect((await backend.received()).map((request) => request.headers["webhook-id"])).toEqual([id, id]);
});

it("repeats a delivery whose answer was lost under the same id", async () => {
  await backend.answers({ status: 0, times: 1 }, { status: 409 });
  const id = await say("twice");
  await pass(0);
  await pass(MINUTE);
  await pass(MINUTE);
  const received = await backend.received();
  expect(received.map((request) => request.headers["idempotency-key"])).toEqual([id, id]);
  expect((await health()).outbox).toMatchObject({ waiting: 0, parked: 0 });
});

it("writes ids and outcomes to the archive, and nothing that was in the message", async () => {
  await backend.answers({ status: 422, where: "bad" });
  const good = await say("good");
  const bad = await say("bad");
  await pass(0);
  await pass(MINUTE);
  const { results } = await env.INTAKE_ARCHIVE.prepare("SELECT * FROM outcomes ORDER BY outcome").all();
  expect(results).toMatchObject([
    { id: good, outcome: "delivered", attempts: 1, stack: "local" },
    { id: bad, outcome: "parked", attempts: 1 },
  ]);
  expect(JSON.stringify(results)).not.toMatch(/Ada|example\.org/);
});

it("says how long the oldest message waits", async () => {
  await backend.answers({ status: 503 });
  await say("waiting");
  vi.setSystemTime(Date.now() + 1_000_000);
  expect(await health()).toMatchObject({
    status: "degraded",
    outbox: { waiting: 1, oldestSeconds: 1000 },
    reasons: ["the oldest message waits for 1000 seconds"],
  });
});
