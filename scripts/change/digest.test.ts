import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareChanges } from "./compare-changes.ts";
import { digest, fingerprint, type Salt } from "./digest.ts";
import { change as changes, step as steps } from "./fixtures/arbitrary.ts";
import type { Change, PropertyDiff, Step, Value } from "./model.ts";

const salt: Salt = { key: "a key", repository: "quayside/quayside", pullRequest: 7, stack: "dev" };

describe("a digest", () => {
  it("is the same whatever the order of steps, diffs and properties, and whatever the engine said", () => {
    fc.assert(
      fc.property(changes, fc.integer(), (change, seed) => {
        expect(digest(shuffled(change, seed), salt)).toBe(digest(change, salt));
      }),
    );
  });

  it("is another one when any step is added, changed or taken away", () => {
    fc.assert(
      fc.property(
        changes,
        steps.filter(({ operation }) => operation !== "refresh" && operation !== "read"),
        (change, step) => {
          const more = { ...change, steps: [...change.steps, { ...step, urn: "urn:new" }] };
          expect(digest(more, salt)).not.toBe(digest(change, salt));
          const other = {
            ...change,
            steps: [...change.steps, { ...step, urn: "urn:new", protected: !step.protected }],
          };
          expect(digest(other, salt)).not.toBe(digest(more, salt));
        },
      ),
    );
  });

  it("tells 12 → 20 from 31 → 20, which a Pulumi plan does not", () => {
    expect(digest(resize(12, 20), salt)).not.toBe(digest(resize(31, 20), salt));
    expect(digest(resize(12, 20), salt)).not.toBe(digest(resize(12, 21), salt));
  });

  it("tells whether a touched resource moved in the state, and leaves what is not touched alone", () => {
    const of = (over: Partial<Step>) =>
      digest(
        changeOf([stepOf("data", { operation: "delete", id: "7", before: { size: 12 }, ...over })]),
        salt,
      );
    const all = [of({}), of({ id: "9" }), of({ before: { size: 31 } })];
    expect(new Set(all).size).toBe(all.length);
    const label = (commit: string) => ({ before: { size: 12, labels: { commit, stack: "dev" } } });
    expect(of(label("a"))).toBe(of(label("b")));
    expect(digest({ ...resize(12, 20), unchanged: 7 }, salt)).toBe(digest(resize(12, 20), salt));
  });

  it("tells one secret from another by their hashes, and unknown from known", () => {
    const of = (after: Value) =>
      digest(oneDiff({ path: "token", kind: "change", replaces: false, before: "x", after }), salt);
    const values: Value[] = [
      { $secret: "aaaa" },
      { $secret: "bbbb" },
      { $unknown: true },
      "aaaa",
      { secret: "aaaa" },
    ];
    const all = values.map(of);
    expect(new Set(all).size).toBe(all.length);
  });

  it("fits one pull request, tag, repository, stack, key and checkpoint only", () => {
    const others: Salt[] = [
      { ...salt, pullRequest: 8 },
      { ...salt, repository: "other/quayside" },
      { ...salt, stack: "prod" },
      { ...salt, key: "another key" },
      { ...salt, checkpoint: "41" },
      { ...salt, tag: "v1.4.0" },
    ];
    const all = [salt, ...others].map((one) => digest(resize(12, 20), one));
    expect(new Set(all).size).toBe(all.length);
  });

  it("does not see what a refresh found, a set's order, nor what the commit's sha changes by design", () => {
    const plain = resize(12, 20);
    const refreshed = { ...plain, steps: [...plain.steps, stepOf("other", { operation: "refresh" })] };
    expect(digest(refreshed, salt)).toBe(digest(plain, salt));
    const label = (sha: string): PropertyDiff => ({
      path: "labels.commit",
      kind: "change",
      replaces: false,
      before: "a",
      after: sha,
    });
    expect(digest(oneDiff(label("b")), salt)).toBe(digest(oneDiff(label("c")), salt));
    const rules = (sources: string[], place: number): PropertyDiff => ({
      path: `rules[${place}]`,
      kind: "add",
      replaces: false,
      after: { port: "443", sourceIps: sources },
    });
    const firewall = "hcloud:index/firewall:Firewall";
    expect(digest(oneDiff(rules(["a", "b"], 0), firewall), salt)).toBe(
      digest(oneDiff(rules(["b", "a"], 4), firewall), salt),
    );
  });
});

describe("fingerprints", () => {
  it("are equal for the same change, and name each step that is new, gone or other", () => {
    const reviewed = changeOf([stepOf("kept"), stepOf("gone"), stepOf("other", { operation: "update" })]);
    const now = changeOf([stepOf("new"), stepOf("other", { operation: "replace" }), stepOf("kept")]);
    expect(compareChanges(fingerprint(reviewed, salt), fingerprint(reviewed, salt)).same).toBe(true);
    expect(compareChanges(fingerprint(reviewed, salt), fingerprint(now, salt))).toEqual({
      same: false,
      differences: [
        { urn: "urn:other", kind: "other", reviewed: "update", now: "replace" },
        { urn: "urn:new", kind: "new", now: "create" },
        { urn: "urn:gone", kind: "gone", reviewed: "create" },
      ],
      outputs: false,
      unnamed: false,
    });
  });

  it("fit a check run whatever the change's size, and still tell every difference apart", () => {
    const many = changeOf(Array.from({ length: 10_000 }, (_, i) => stepOf(`server-${i}`)));
    const small = fingerprint(many, salt);
    expect(JSON.stringify(small).length).toBeLessThanOrEqual(50_000);
    expect(small.steps.length + (small.rest?.count ?? 0)).toBe(10_000);
    const last = many.steps.at(-1);
    const other = changeOf([...many.steps.slice(0, -1), ...(last ? [{ ...last, protected: true }] : [])]);
    const comparison = compareChanges(small, fingerprint(other, salt));
    expect(comparison.same).toBe(false);
    expect(comparison.unnamed || comparison.differences.length > 0).toBe(true);
  });

  it("say that outputs differ where no step does", () => {
    const outputs: PropertyDiff[] = [
      { path: "url", kind: "change", replaces: false, before: "a", after: "b" },
    ];
    const comparison = compareChanges(
      fingerprint(resize(12, 20), salt),
      fingerprint({ ...resize(12, 20), outputs }, salt),
    );
    expect(comparison).toEqual({ same: false, differences: [], outputs: true, unnamed: false });
  });

  it("hold nothing of a value", () => {
    const secret = oneDiff({
      path: "token",
      kind: "change",
      replaces: false,
      before: "hunter2-old",
      after: "hunter2",
    });
    expect(JSON.stringify(fingerprint(secret, salt))).not.toContain("hunter2");
  });
});

function stepOf(name: string, over: Partial<Step> = {}): Step {
  return {
    urn: `urn:${name}`,
    type: "hcloud:index/volume:Volume",
    name,
    operation: "create",
    dependencies: [],
    protected: false,
    replaceKeys: [],
    diffs: [],
    ...over,
  };
}

function changeOf(steps: Step[]): Change {
  return { schema: 1, stack: "dev", steps, unchanged: 0, outputs: [], diagnostics: [] };
}

function oneDiff(diff: PropertyDiff, type = "hcloud:index/volume:Volume"): Change {
  return changeOf([stepOf("data", { operation: "update", type, diffs: [diff] })]);
}

function resize(before: number, after: number): Change {
  return oneDiff({ path: "size", kind: "change", replaces: false, before, after });
}

function shuffled(change: Change, seed: number): Change {
  const random = (text: string) =>
    (Math.imul(text.length * 31 + (text.charCodeAt(0) || 0), seed | 1) >>> 0) % 997;
  const mix = <T>(all: readonly T[]) =>
    all
      .map((one, index) => ({ one, at: random(JSON.stringify(one) + index) }))
      .sort((a, b) => a.at - b.at)
      .map(({ one }) => one);
  const turned = (value: Value): Value => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(turned);
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, turned(member)]),
    );
  };
  return {
    ...change,
    unchanged: change.unchanged + 1,
    outputs: mix(change.outputs),
    steps: mix(change.steps).map((step) => ({
      ...step,
      diffs: mix(step.diffs).map((diff) => ({
        ...diff,
        ...(diff.before === undefined ? {} : { before: turned(diff.before) }),
        ...(diff.after === undefined ? {} : { after: turned(diff.after) }),
      })),
    })),
    diagnostics: [{ severity: "warning", message: `another text ${seed}` }],
  };
}
