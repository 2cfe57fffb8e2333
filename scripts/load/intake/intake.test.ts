import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { handleDeadLetters } from "../../flows/intake.ts";
import { type Intake, intake } from "../../providers/intake.ts";
import { createReporter } from "../../terminal/reporter.ts";
import { loadIntake } from "./run.ts";
import { type Runtime, startRuntime } from "./runtime.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

it("delivers each of some hundred messages once, after an hour without an origin", async () => {
  const result = await loadIntake({
    root: ROOT,
    posts: 200,
    speed: 1200,
    reporter: createReporter({ stream: process.stderr, github: false }),
    signal: new AbortController().signal,
  });
  expect(result).toEqual({
    posts: 200,
    delivered: 200,
    duplicates: 0,
    lost: 0,
    rps: expect.any(Number),
    p99_ms: expect.any(Number),
  });
  expect(Object.keys(result)).toEqual(["posts", "delivered", "duplicates", "lost", "rps", "p99_ms"]);
}, 120_000);

describe("an operator, with the Worker in workerd", () => {
  let answer = 422;
  const received: string[] = [];
  const app = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    received.push(body);
    response.writeHead(answer).end();
  });
  let runtime: Runtime;
  let target: Intake;
  let ids: string[] = [];
  const noQuestion = async () => {};

  beforeAll(async () => {
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    const backendUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
    runtime = await startRuntime(ROOT, { backendUrl, signingKey: "k", operatorKey: "operator", speed: 60 });
    target = intake(`${runtime.url}/intake`, "operator");
    ids = await Promise.all(["one", "two", "three"].map(post));
    await until(async () => (await target.health()).outbox.parked === 3);
  }, 120_000);
  afterAll(async () => {
    await runtime?.close();
    app.closeAllConnections();
    await new Promise((resolve) => app.close(resolve));
  });

  async function post(message: string): Promise<string> {
    const response = await fetch(`${runtime.url}/intake`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "Ada", email: `${message}@example.org`, message }),
    });
    return ((await response.json()) as { id: string }).id;
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!(await isSo())) if (Date.now() > deadline) throw new Error("it is still not so");
  }

  it("lists what is parked, without what is in it, and shows one of them whole", async () => {
    const { deadLetters, total } = await target.deadLetters();
    expect(total).toBe(3);
    expect(deadLetters.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(JSON.stringify(deadLetters)).not.toContain("example.org");
    expect(await target.deadLetter(ids[0] ?? "")).toMatchObject({ message: { message: "one" } });
    expect(await target.deadLetter(crypto.randomUUID())).toBeUndefined();
  });

  it("is refused with another key, and told why", async () => {
    await expect(intake(`${runtime.url}/intake`, "guessed").deadLetters()).rejects.toMatchObject({
      code: "intake-refused",
      fix: expect.stringContaining("INTAKE_OPERATOR_KEY"),
    });
  });

  it("purges nothing without a yes", async () => {
    const no = async () => Promise.reject(new Error("no"));
    await expect(handleDeadLetters(target, "purge", "all", no)).rejects.toThrow("no");
    expect((await target.deadLetters()).total).toBe(3);
  });

  it("purges one, and is told when there is no such message", async () => {
    const [one = ""] = ids;
    expect(await handleDeadLetters(target, "purge", { id: one }, noQuestion)).toEqual([one]);
    await expect(handleDeadLetters(target, "purge", { id: one }, noQuestion)).rejects.toMatchObject({
      code: "dead-letter-unknown",
    });
  });

  it("replays all that is left, and each arrives", async () => {
    answer = 201;
    received.length = 0;
    const done = await handleDeadLetters(target, "replay", "all", noQuestion);
    expect(done.sort()).toEqual(ids.slice(1).sort());
    await until(async () => (await target.health()).outbox.waiting === 0);
    expect(received.map((body) => (JSON.parse(body) as { id: string }).id).sort()).toEqual(
      ids.slice(1).sort(),
    );
    expect(await handleDeadLetters(target, "replay", "all", noQuestion)).toEqual([]);
  });
});

it("says that nobody answers, where nobody does", async () => {
  await expect(intake("http://127.0.0.1:9/intake", "k").health()).rejects.toMatchObject({
    code: "intake-unreachable",
  });
});
