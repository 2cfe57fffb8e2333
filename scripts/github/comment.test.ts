import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestWorld, TOKEN, testWorld } from "../rehearsal/clouds/github/test-world.ts";
import { connect, type Github } from "./client.ts";
import { upsertComment } from "./comment.ts";

const MARKER = "<!-- quayside:preview -->";
const repository = { owner: "quayside", name: "quayside" };

describe("the one comment", () => {
  let world: TestWorld;
  let github: Github;
  let number: number;

  beforeAll(async () => {
    world = await testWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async () => {
    await world.admin("DELETE", "faults");
    github = client();
    const { data } = await github.request("POST /repos/{owner}/{repo}/issues", {
      ...github.at,
      title: "a change",
    });
    number = data.number;
  });

  const client = (token = TOKEN): Github =>
    connect(token, repository, world.cloud.url, { sleep: async () => {} });
  const say = async (body: string, by = github, issue_number = number): Promise<number> => {
    const { data } = await by.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...by.at,
      issue_number,
      body,
    });
    return Number(data.id);
  };
  const bodies = async (): Promise<(string | undefined)[]> => {
    const all = await github.paginate("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...github.at,
      issue_number: number,
    });
    return all.map(({ body }) => body);
  };

  it("is created, left alone when nothing changed, and updated in place", async () => {
    const first = await upsertComment(github, number, MARKER, `${MARKER}\n1 to create`);
    expect(first).toMatchObject({ posted: true, action: "created" });
    const second = await upsertComment(github, number, MARKER, `${MARKER}\r\n1 to create\r\n`);
    expect(second).toEqual({ ...first, action: "unchanged" });
    const third = await upsertComment(github, number, MARKER, "2 to create");
    expect(third).toEqual({ ...first, action: "updated" });
    expect(await bodies()).toEqual([`${MARKER}\n2 to create`]);
  });

  it("is found again behind more than a hundred others", async () => {
    for (let n = 0; n < 101; n++) await say(`comment ${n}`);
    const first = await upsertComment(github, number, MARKER, "one");
    for (let n = 0; n < 3; n++) await say(`later ${n}`);
    const again = await upsertComment(github, number, MARKER, "two");
    expect(first.posted && again.posted && again.id === first.id).toBe(true);
    expect(again).toMatchObject({ action: "updated" });
  });

  it("is not the comment of a person who quotes it", async () => {
    const { token } = await world.admin("POST", "users", { login: "grace" });
    const hers = await say(`> ${MARKER} look at this`, client(String(token)));
    const outcome = await upsertComment(github, number, MARKER, "ours");
    expect(outcome).toMatchObject({ posted: true, action: "created" });
    expect(outcome.posted && outcome.id).not.toBe(hers);
    expect(await bodies()).toEqual([`> ${MARKER} look at this`, `${MARKER}\nours`]);
  });

  it("belongs to the person whose token it is, too", async () => {
    const { token } = await world.admin("POST", "users", { login: "grace" });
    const grace = client(String(token));
    await upsertComment(grace, number, MARKER, "by hand");
    expect(await upsertComment(grace, number, MARKER, "by hand again")).toMatchObject({ action: "updated" });
  });

  it("is one comment although the first answer got lost", async () => {
    await world.admin("POST", "faults", {
      method: "POST",
      path: "/comments$",
      fault: { kind: "drop-after" },
    });
    expect(await upsertComment(github, number, MARKER, "once")).toMatchObject({
      posted: true,
      action: "created",
    });
    expect(await bodies()).toEqual([`${MARKER}\nonce`]);
  });

  it("is one comment although two runs post their first one at the same time", async () => {
    const outcomes = await Promise.all(
      ["left", "right"].map((text) => upsertComment(client(), number, MARKER, text)),
    );
    const ids = outcomes.map((outcome) => outcome.posted && outcome.id);
    const left = await bodies();
    expect(left).toHaveLength(1);
    expect(ids[0]).toBe(ids[1]);
  });

  it("keeps what each of two runs has put into it at the same time", async () => {
    await upsertComment(github, number, MARKER, "both");
    // Both have read it before either of them writes.
    await world.admin("POST", "faults", {
      method: "PATCH",
      times: 2,
      fault: { kind: "latency", ms: 300 },
    });
    let written = 0;
    let allHaveWritten = () => {};
    const both = new Promise<void>((resolve) => {
      allHaveWritten = resolve;
    });
    const sleep = async () => {
      if (++written === 2) allHaveWritten();
      await both;
    };
    const outcomes = await Promise.all(
      ["left", "right"].map((line) =>
        upsertComment(
          connect(TOKEN, repository, world.cloud.url, { sleep }),
          number,
          MARKER,
          (current = "") => (current.includes(line) ? current : `${current}\n${line}`),
          { shared: true },
        ),
      ),
    );
    expect(outcomes).toMatchObject([{ action: "updated" }, { action: "updated" }]);
    const [body, ...more] = await bodies();
    expect(more).toEqual([]);
    expect(body?.split("\n").sort()).toEqual([MARKER, "both", "left", "right"]);
  });

  it.each([
    ["forbidden", "a token that may not write", { permissions: { issues: "read" } }],
    [
      "forbidden",
      "a locked pull request",
      { permissions: { issues: "write", contents: "read" }, lock: true },
    ],
  ] as const)(
    "says %s for %s instead of failing the job",
    async (reason, _what, { permissions, ...rest }) => {
      if ("lock" in rest)
        await github.request("PUT /repos/{owner}/{repo}/issues/{issue_number}/lock", {
          ...github.at,
          issue_number: number,
        });
      const { token } = await world.admin("POST", "jobs", { permissions });
      const outcome = await upsertComment(client(String(token)), number, MARKER, "x");
      expect(outcome).toMatchObject({ posted: false, reason, fix: expect.stringContaining("permissions") });
    },
  );

  it("says not-found for a pull request that is not there", async () => {
    expect(await upsertComment(github, 9_999, MARKER, "x")).toMatchObject({
      posted: false,
      reason: "not-found",
    });
  });

  it("says rate-limited when waiting did not help", async () => {
    await world.admin("POST", "faults", {
      method: "POST",
      times: 20,
      fault: { kind: "status", status: 429 },
    });
    expect(await upsertComment(github, number, MARKER, "x")).toMatchObject({
      posted: false,
      reason: "rate-limited",
    });
  });

  it("says unprocessable for a body over 65,536 characters", async () => {
    const outcome = await upsertComment(github, number, MARKER, `${MARKER}${"x".repeat(65_536)}`);
    expect(outcome).toMatchObject({
      posted: false,
      reason: "unprocessable",
      message: expect.stringContaining("too long"),
    });
  });
});
