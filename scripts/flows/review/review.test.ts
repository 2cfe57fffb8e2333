import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fingerprint } from "../../change/digest.ts";
import { connect, type Github } from "../../github/client.ts";
import { type TestWorld, TOKEN, testWorld } from "../../rehearsal/clouds/github/test-world.ts";
import { countApprovals } from "./approvals.ts";
import { mergedPulls } from "./merged-pulls.ts";
import { planPlace, readReview, reviewPlace, writeReview } from "./record.ts";

const REPOSITORY = { owner: "quayside", name: "quayside" };
/** GitHub's clock in this world, in milliseconds. */
let clock = Date.parse("2026-11-25T10:00:00Z");
let world: TestWorld;
let github: Github;

beforeAll(async () => {
  world = await testWorld({ now: () => new Date(clock) });
  github = connect(TOKEN, REPOSITORY, world.cloud.url, { sleep: async () => {} });
  world.push("main", { "README.md": "# Quayside\n" });
});
afterAll(() => world[Symbol.asyncDispose]());

const minute = (minutes: number) => {
  clock += minutes * 60_000;
};
async function openPull(branch: string): Promise<{ number: number; head: string }> {
  world.git("pull", "--quiet", "origin", "main");
  const head = world.push(branch, { [`${branch}.txt`]: "x\n" });
  const { data } = await github.request("POST /repos/{owner}/{repo}/pulls", {
    ...github.at,
    title: branch,
    head: branch,
    base: "main",
  });
  return { number: data.number, head };
}
async function merge(number: number, method: "merge" | "squash" | "rebase"): Promise<string> {
  const { data } = await github.request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", {
    ...github.at,
    pull_number: number,
    merge_method: method,
  });
  world.git("pull", "--quiet", "origin", "main");
  return data.sha;
}

describe("an approval", () => {
  const as = async (login: string, role: string): Promise<Github> => {
    const { token } = await world.admin("POST", "users", { login, role });
    return connect(String(token), REPOSITORY, world.cloud.url);
  };
  const label = (by: Github, number: number, name: string) =>
    by.request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
      ...by.at,
      issue_number: number,
      labels: [name],
    });
  const unlabel = (by: Github, number: number, name: string) =>
    by.request("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", {
      ...by.at,
      issue_number: number,
      name,
    });

  it("counts when somebody who may write gives it after the change was shown, and for no other change", async () => {
    const { number } = await openPull("approved");
    const grace = await as("grace", "write");
    const shown = clock;
    minute(1);
    await label(grace, number, "allow:delete-volume:data");
    await label(grace, number, "bug");
    minute(1);
    expect((await countApprovals(github, number, shown)).counting).toEqual(
      new Set(["allow:delete-volume:data"]),
    );
    const another = await countApprovals(github, number, clock);
    expect(another.counting.size).toBe(0);
    expect(another.ignored).toEqual([expect.stringContaining("before this change was shown")]);
    expect((await countApprovals(github, number, undefined)).counting.size).toBe(0);

    minute(1);
    await unlabel(grace, number, "allow:delete-volume:data");
    expect((await countApprovals(github, number, shown)).counting.size).toBe(0);
    await label(grace, number, "allow:delete-volume:data");
    expect((await countApprovals(github, number, clock)).counting.size).toBe(1);
  });

  it("does not count from somebody who may only sort, from a workflow, or from an account that is gone", async () => {
    const { number } = await openPull("not-approved");
    const shown = clock;
    await label(await as("tim", "triage"), number, "allow:a:b");
    await label(github, number, "allow:c:d");
    await label(await as("ghost", "write"), number, "allow:e:f");
    await as("ghost", "none");
    const { counting, ignored } = await countApprovals(github, number, shown);
    expect(counting.size).toBe(0);
    expect(ignored).toEqual([
      "allow:a:b was put there by tim, who may not write.",
      "allow:c:d was put there by no person.",
      "allow:e:f was put there by ghost, who may not write.",
    ]);
  });
});

describe("a record of what was shown", () => {
  const fingerprint = (digest: string): Fingerprint => ({
    schema: 1,
    stack: "dev",
    digest,
    outputs: "0",
    steps: [{ urn: "urn:a", operation: "create", hash: "1" }],
  });
  const check = { conclusion: "success" as const, title: "Safe", text: "No hazard." };

  it("is read back with the time from which approvals count: of the first check with that digest in a row", async () => {
    const { head } = await openPull("recorded");
    const place = reviewPlace("dev", head);
    const first = clock;
    await writeReview(github, place, check, fingerprint("a"));
    expect(await readReview(github, place)).toEqual({ fingerprint: fingerprint("a"), since: first });

    minute(5);
    const again = reviewPlace("dev", world.push("recorded", { "recorded.txt": "y\n" }));
    await writeReview(github, again, check, fingerprint("a"), await readReview(github, place));
    expect((await readReview(github, again))?.since).toBe(first);

    minute(5);
    await writeReview(github, again, check, fingerprint("b"), await readReview(github, again));
    expect(await readReview(github, again)).toEqual({ fingerprint: fingerprint("b"), since: clock });
    minute(5);
    // Back at the first change: who approved it has seen another one since.
    await writeReview(github, again, check, fingerprint("a"), await readReview(github, again));
    expect((await readReview(github, again))?.since).toBe(clock);
  });

  it("is none where a preview failed, for another stack or commit, and where another app has written it", async () => {
    const { head } = await openPull("unrecorded");
    const place = reviewPlace("dev", head);
    expect(await readReview(github, place)).toBeUndefined();
    const { token } = await world.admin("POST", "apps", { slug: "forger" });
    await writeReview(connect(String(token), REPOSITORY, world.cloud.url), place, check, fingerprint("a"));
    expect(await readReview(github, place)).toBeUndefined();
    await writeReview(github, place, { ...check, conclusion: "failure" }, undefined);
    expect(await readReview(github, place)).toBeUndefined();
    await writeReview(github, place, check, fingerprint("a"));
    expect(await readReview(github, reviewPlace("prod", head))).toBeUndefined();
    expect(await readReview(github, place)).toBeDefined();
  });

  it("of a release's plan counts for the run that has shown it alone", async () => {
    const { head } = await openPull("planned");
    await writeReview(github, planPlace("prod", head, 7), check, fingerprint("a"));
    await writeReview(github, planPlace("prod", head, 8), check, fingerprint("b"));
    expect((await readReview(github, planPlace("prod", head, 7)))?.fingerprint.digest).toBe("a");
    expect(await readReview(github, planPlace("prod", head, 9))).toBeUndefined();
  });
});

describe("the pull requests that a deployment brings", () => {
  const clone = () => world.git("rev-parse", "--show-toplevel");
  const numbers = async (sha: string, last: string | undefined) => {
    const { own, all } = await mergedPulls(github, clone(), sha, last);
    return { own: own?.number, all: all.map(({ number }) => number) };
  };

  it("are all since the last release, newest first, by whichever method they were merged", async () => {
    world.git("pull", "--quiet", "origin", "main");
    const last = world.git("rev-parse", "HEAD");
    const one = await openPull("one");
    const squashed = await merge(one.number, "squash");
    const two = await openPull("two");
    await merge(two.number, "merge");
    const three = await openPull("three");
    world.push("three", { "more.txt": "second commit\n" });
    const tip = await merge(three.number, "rebase");

    expect(await numbers(tip, last)).toEqual({
      own: three.number,
      all: [three.number, two.number, one.number],
    });
    expect(await numbers(tip, squashed)).toEqual({ own: three.number, all: [three.number, two.number] });
    expect(await numbers(squashed, last)).toEqual({ own: one.number, all: [one.number] });
    expect(await numbers(tip, tip)).toEqual({ own: three.number, all: [three.number] });
    expect(await numbers(tip, undefined)).toEqual({ own: three.number, all: [three.number] });

    const direct = world.push("main", { "direct.txt": "d\n" });
    expect(await numbers(direct, tip)).toEqual({ own: undefined, all: [] });
    expect(await numbers(direct, squashed)).toEqual({ own: undefined, all: [three.number, two.number] });
  });
});
