import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { UserError } from "../errors.ts";
import { image, manifest } from "./testing/manifest.ts";
import { type Check, checksOf, serverUp, verify } from "./verify.ts";

const OUTPUTS: StackOutputs = {
  schema: 1,
  accountId: "account",
  zone: { id: "zone", name: "example.com" },
  app: { hostname: "app-dev.example.com", url: "https://app-dev.example.com" },
  servers: [
    {
      name: "server1",
      id: "1",
      ipv4: "192.0.2.1",
      ipv6: "2001:db8::1",
      healthHostname: "server1-dev.example.com",
      primary: true,
    },
  ],
  volume: { id: "1", name: "data", linuxDevice: "/dev/sdb" },
  workers: {
    intake: { scriptName: "quayside-dev-intake", routes: ["www-dev.example.com/intake*"], bindings: {} },
  },
  sites: {
    www: { project: "quayside-dev-www", domain: "www-dev.example.com", url: "https://www-dev.example.com" },
  },
  releaseRecord: { id: "record", name: "_release.app-dev.example.com" },
  image: image("1"),
};

describe("what must be true of a release", () => {
  const checks = checksOf(manifest(1), OUTPUTS);
  const judge = (part: string, status: number, body: unknown) =>
    checks
      .find((check) => check.part === part)
      ?.judge(status, typeof body === "string" ? body : JSON.stringify(body));

  test("Every server, site and Worker is asked at its own address", () => {
    expect(checks.map(({ part, url }) => [part, url])).toEqual([
      ["server1", "https://server1-dev.example.com/_release"],
      ["sites/www", "https://www-dev.example.com/release.json"],
      ["workers/intake", "https://www-dev.example.com/intake/healthz"],
    ]);
  });

  test("A server must run the release's image, and tells why it does not", () => {
    expect(judge("server1", 200, { image: image("1") })).toBeUndefined();
    expect(judge("server1", 200, { image: null, lastError: "manifest unknown" })).toBe(
      "runs nothing yet; its last attempt: manifest unknown",
    );
    expect(judge("server1", 200, { image: image("1"), healthy: false })).toBe(
      "runs it, and the app is not healthy",
    );
    expect(judge("server1", 521, "")).toBe("answers 521");
    const attempt = { image: image("1"), outcome: "running", step: "migrate" };
    expect(judge("server1", 200, { image: image("0"), attempt, lastError: "of before" })).toBe(
      `runs ${image("0")}; at the step migrate`,
    );
  });

  test("Who is about to leave a server's addresses to another machine does not answer for that one", () => {
    const answer = (machine: string | null) => ({ image: image("1"), healthy: true, machine });
    expect(judge("server1", 200, answer("1"))).toBeUndefined();
    expect(judge("server1", 200, answer("0"))).toBe("is still the machine 0");
    // An agent of before does not say.
    expect(judge("server1", 200, answer(null))).toBeUndefined();
    const up = serverUp({ name: "server1", id: "2", healthHostname: "server1-dev.example.com" });
    expect(up.judge(200, JSON.stringify(answer("1")))).toBe("is still the machine 1");
    expect(up.judge(200, JSON.stringify(answer("2")))).toBeUndefined();
    expect(up.judge(200, JSON.stringify({ image: null, machine: "2" }))).toBe("runs nothing yet");
  });

  test("A server that has given this release up is not waited for, one that tries again is", () => {
    const server = checks.find(({ part }) => part === "server1");
    const attempt = { image: image("1"), outcome: "failed", final: true };
    expect(server?.isFinal?.(JSON.stringify({ attempt }))).toBe(true);
    expect(server?.isFinal?.(JSON.stringify({ attempt: { ...attempt, final: false } }))).toBe(false);
    expect(server?.isFinal?.(JSON.stringify({ attempt: { ...attempt, image: image("2") } }))).toBe(false);
    expect(server?.isFinal?.("<html>")).toBe(false);
  });

  test("A site must be the stack's own, a Worker the version that was deployed", () => {
    expect(judge("sites/www", 200, { release: "dev-1-abc", stack: "dev" })).toBeUndefined();
    expect(judge("sites/www", 200, { release: "prod-v1", stack: "prod" })).toBe("belongs to prod");
    expect(judge("sites/www", 200, "<!doctype html>")).toBe("answers no JSON");
    expect(judge("workers/intake", 200, { version: "version-1" })).toBeUndefined();
    expect(judge("workers/intake", 200, { version: "version-0" })).toBe("runs version version-0");
    expect(judge("workers/intake", 200, [])).toBe("answers JSON of another shape");
  });
});

describe("asking", () => {
  let server: Server;
  let answers: string[];
  let check: Check;
  beforeEach(async () => {
    answers = [];
    server = createServer((_, response) => response.end(answers.shift() ?? "right"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    check = {
      part: "part",
      url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`,
      judge: (_, body) => (body === "right" ? undefined : `says ${body}`),
    };
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test("An answer that is wrong at first is asked for again until it is right", async () => {
    answers = ["starting", "starting"];
    const seen: string[] = [];
    const [result] = await verify([check], {
      limitMs: 10_000,
      onProgress: (right, of) => seen.push(`${right} of ${of}`),
    });
    expect(result).toMatchObject({ ok: true, part: "part", problem: undefined });
    expect([answers, seen.at(-1)]).toEqual([[], "1 of 1"]);
  });

  test("When the time is over the result says what was wrong last; the other parts still count", async () => {
    const never: Check = { ...check, part: "never", judge: () => "says no" };
    const gone: Check = { ...check, part: "gone", url: "http://nowhere.invalid/" };
    const results = await verify([never, check, gone], { limitMs: 150 });
    expect(results.map(({ part, ok, problem }) => ({ part, ok, problem }))).toEqual([
      { part: "never", ok: false, problem: "says no" },
      { part: "part", ok: true, problem: undefined },
      { part: "gone", ok: false, problem: expect.stringContaining("nowhere.invalid") },
    ]);
  });

  test("An interruption ends the asking at once, with its own reason", async () => {
    const interruption = new AbortController();
    const reason = new UserError("interrupted", "Interrupted.", "Run it again.");
    const asked = verify([{ ...check, judge: () => "says no" }], {
      limitMs: 60_000,
      signal: interruption.signal,
    });
    interruption.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});
