import { describe, expect, it } from "vitest";
import { compareToReviews } from "./compare-to-reviews.ts";
import { fingerprint, type Salt } from "./digest.ts";
import type { Change, Step } from "./model.ts";

const salt = (pullRequest: number): Salt => ({ key: "a key", repository: "o/r", pullRequest, stack: "dev" });
const step = (name: string, after = 1): Step => ({
  urn: `urn:${name}`,
  type: "hcloud:index/volume:Volume",
  name,
  operation: "create",
  dependencies: [],
  protected: false,
  replaceKeys: [],
  diffs: [{ path: "size", kind: "add", replaces: false, after }],
});
const change = (...steps: Step[]): Change => ({
  schema: 1,
  stack: "dev",
  steps,
  unchanged: 0,
  outputs: [],
  diagnostics: [],
});
const reviewed = (pullRequest: number, one: Change) => ({
  fingerprint: fingerprint(one, salt(pullRequest)),
  salt: salt(pullRequest),
});

describe("a change against the reviews that brought it", () => {
  it("is compared with one as a whole, and with none not at all", () => {
    expect(compareToReviews(change(step("a")), [])).toBeUndefined();
    expect(compareToReviews(change(step("a")), [reviewed(1, change(step("a")))])?.same).toBe(true);
    expect(compareToReviews(change(step("a")), [reviewed(1, change(step("b")))])?.differences).toHaveLength(
      2,
    );
  });

  it("is the reviewed one when every step was in one of them", () => {
    const reviews = [reviewed(2, change(step("b"))), reviewed(1, change(step("a")))];
    expect(compareToReviews(change(step("a"), step("b")), reviews)?.same).toBe(true);
  });

  it("is another one when a step was in none, is other, or is gone", () => {
    const reviews = [reviewed(2, change(step("b"), step("c"))), reviewed(1, change(step("a")))];
    expect(compareToReviews(change(step("a"), step("b", 2), step("d")), reviews)).toMatchObject({
      same: false,
      differences: [
        { urn: "urn:b", kind: "other", reviewed: "create", now: "create" },
        { urn: "urn:d", kind: "new", now: "create" },
        { urn: "urn:c", kind: "gone", reviewed: "create" },
      ],
    });
  });

  it("can't borrow a review from another pull request", () => {
    const borrowed = { fingerprint: fingerprint(change(step("a")), salt(9)), salt: salt(1) };
    const reviews = [reviewed(2, change(step("b"))), borrowed];
    expect(compareToReviews(change(step("a"), step("b")), reviews)?.same).toBe(false);
  });
});
