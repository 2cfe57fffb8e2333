import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type TestWorld, TOKEN, testWorld } from "../rehearsal/clouds/github/test-world.ts";
import { connect, type Github, type Patience } from "./client.ts";
import { GithubRefusal } from "./refusal.ts";

const repository = { owner: "quayside", name: "quayside" };

describe("the client for GitHub", () => {
  let world: TestWorld;
  let waits: number[];
  beforeAll(async () => {
    world = await testWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async () => {
    waits = [];
    await world.admin("DELETE", "faults");
    await world.admin("DELETE", "calls");
    await world.admin("PUT", "rate-limit", { remaining: 15_000 });
    await world.admin("PUT", "permissions", { permissions: "write-all" });
  });

  const github = (patience: Partial<Patience> = {}, token = TOKEN): Github =>
    connect(token, repository, world.cloud.url, {
      sleep: async (ms) => {
        waits.push(ms);
      },
      ...patience,
    });
  const fault = (fault: object, rule: object = {}) => world.admin("POST", "faults", { fault, ...rule });
  const refused = async (call: Promise<unknown>): Promise<GithubRefusal> => {
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof GithubRefusal) return error;
    throw new Error(`not a refusal: ${error}`);
  };
  const calls = async (): Promise<number> => {
    const list = z.array(z.object({ path: z.string() })).parse(await world.admin("GET", "calls"));
    return list.filter(({ path }) => !path.startsWith("/_rehearsal/")).length;
  };
  const read = (client: Github) => client.request("GET /repos/{owner}/{repo}", client.at);
  const write = (client: Github) =>
    client.request("POST /repos/{owner}/{repo}/issues", { ...client.at, title: "x" });

  it("waits as long as retry-after says and succeeds", async () => {
    await fault({ kind: "status", status: 429, retryAfterSeconds: 7 });
    expect((await read(github())).status).toBe(200);
    expect(waits).toEqual([7000]);
  });

  it("repeats a write that the secondary limit refused, as that was not done", async () => {
    await fault({ kind: "status", status: 403 }, { method: "POST" });
    expect((await write(github())).status).toBe(201);
    expect(waits).toEqual([1000]);
  });

  it("waits for the hour to end when it is near, and does not when it is far", async () => {
    await world.admin("PUT", "rate-limit", { remaining: 0, resetSeconds: 20 });
    const near = await refused(read(github({ tries: 2 })));
    expect(near.kind).toBe("rate-limited");
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(15_000);
    expect(waits[0]).toBeLessThanOrEqual(21_000);
    await world.admin("PUT", "rate-limit", { remaining: 0, resetSeconds: 1790 });
    const far = await refused(read(github()));
    expect(far).toMatchObject({
      kind: "rate-limited",
      fix: "Run the job again in 30 min, when GitHub's limit has passed.",
    });
    expect(waits).toHaveLength(1);
  });

  it("takes the last call of an hour for what it was refused for", async () => {
    await world.admin("PUT", "rate-limit", { remaining: 1 });
    const client = github();
    const call = client.request("GET /repos/{owner}/{repo}/issues/{issue_number}", {
      ...client.at,
      issue_number: 9_999,
    });
    expect((await refused(call)).kind).toBe("not-found");
    await world.admin("PUT", "permissions", { permissions: { metadata: "read" } });
    await world.admin("PUT", "rate-limit", { remaining: 1 });
    expect((await refused(write(github()))).kind).toBe("forbidden");
  });

  it("repeats a read after server errors and lost connections, each time later", async () => {
    await fault({ kind: "status", status: 502 });
    await fault({ kind: "drop-after" }, { skip: 1 });
    expect((await read(github())).status).toBe(200);
    expect(waits).toEqual([500, 1000]);
  });

  it("never repeats a POST whose answer was lost", async () => {
    await fault({ kind: "drop-after" }, { method: "POST" });
    expect(await refused(write(github()))).toMatchObject({ kind: "unavailable", status: undefined });
    expect(waits).toEqual([]);
  });

  it("gives up after a few tries and says what to do", async () => {
    await fault({ kind: "status", status: 500 }, { times: 10 });
    const error = await refused(read(github({ tries: 3 })));
    expect(await calls()).toBe(3);
    expect(error).toMatchObject({ code: "github-unavailable", exitCode: 1 });
    expect(error.message).toBe("GitHub, GET /repos/quayside/quayside (500): Server Error");
  });

  it("gives up on an answer that does not come", async () => {
    await fault({ kind: "latency", ms: 400 }, { times: 2 });
    const error = await refused(read(github({ tries: 2, timeoutMs: 20 })));
    expect(error.kind).toBe("unavailable");
  });

  it("names the permission that a job lacks, in a workflow's spelling", async () => {
    const { token } = await world.admin("POST", "jobs", { permissions: { contents: "read" } });
    const narrow = github({}, String(token));
    const call = narrow.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...narrow.at,
      issue_number: 1,
      body: "x",
    });
    const error = await refused(call);
    expect(error).toMatchObject({ code: "github-forbidden", status: 403 });
    expect(error.fix).toContain("`issues: write`, `pull-requests: write`");
    expect(waits).toEqual([]);
  });

  it("tells a wrong token, a missing thing and a bad request apart", async () => {
    expect((await refused(read(github({}, "wrong")))).kind).toBe("unauthorized");
    const client = github();
    const missing = client.request("GET /repos/{owner}/{repo}/issues/{issue_number}", {
      ...client.at,
      issue_number: 9_999,
    });
    expect((await refused(missing)).kind).toBe("not-found");
    const tag = client.request("POST /repos/{owner}/{repo}/git/refs", {
      ...client.at,
      ref: "refs/tags/v1",
      sha: "no",
    });
    expect(await refused(tag)).toMatchObject({
      kind: "unprocessable",
      message: expect.stringContaining("Object does not exist"),
    });
  });

  it("keeps the token out of what it throws", async () => {
    await fault({ kind: "status", status: 500 }, { times: 10 });
    const error = await refused(read(github({ tries: 1 })));
    expect(JSON.stringify([error, error.cause, error.message, error.stack])).not.toContain(TOKEN);
  });
});
