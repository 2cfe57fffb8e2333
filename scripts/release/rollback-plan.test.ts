import { expect, test } from "vitest";
import { SCOPES } from "./manifest.ts";
import { afterRollback, describeStep, planRollback } from "./rollback-plan.ts";
import { image, manifest } from "./testing/manifest.ts";

const one = manifest(1);
const two = manifest(2);

test("To the release that runs there is nothing to do, in any scope", () => {
  for (const scope of SCOPES) expect(planRollback(two, two, scope)).toEqual({ steps: [], limits: [] });
});

test("A whole rollback brings back every part, and says before what does not come back", () => {
  const { steps, limits } = planRollback(two, one, "all");
  expect(steps).toEqual([
    { kind: "infra", from: two.sha, to: one.sha },
    { kind: "worker", name: "intake", scriptName: "quayside-dev-intake", from: "version-2", to: "version-1" },
    { kind: "site", name: "www", project: "quayside-dev-www", from: "deployment-2", to: "deployment-1" },
    { kind: "image", from: image("2"), to: image("1") },
  ]);
  expect(limits.join(" ")).toMatch(/deleted since then.*KV, D1.*migrations/);
});

test("A scope leaves the other parts alone", () => {
  const kinds = (scope: (typeof SCOPES)[number]) =>
    planRollback(two, one, scope).steps.map(({ kind }) => kind);
  expect(kinds("edge")).toEqual(["worker", "site"]);
  expect(kinds("app")).toEqual(["image"]);
  expect(kinds("infra")).toEqual(["infra"]);
});

test("What is newer than the release is named and left, what is gone since comes back", () => {
  const grown = manifest(2, {
    workers: {
      ...two.workers,
      search: { scriptName: "quayside-dev-search", versionId: "s", contentHash: "s", secretsHash: "s" },
    },
    sites: {},
  });
  const { steps, limits } = planRollback(grown, one, "edge");
  expect(limits).toContain("Newer than dev-1-abc and left as they are: Worker search.");
  expect(steps.map(describeStep)).toEqual([
    "Worker intake: version version- → version-",
    "Site www: deployment none → deployme",
  ]);
});

test("A Worker whose secrets have changed since says that the old ones come back", () => {
  const { intake } = one.workers;
  const rekeyed = manifest(1, { workers: intake ? { intake: { ...intake, secretsHash: "older" } } : {} });
  expect(planRollback(two, rekeyed, "edge").limits.join()).toContain(
    "the old values are in use again: Worker intake",
  );
  expect(planRollback(two, one, "edge").limits.join()).not.toContain("old values");
});

test("When all steps are done the stack runs the release again; a scope, or a step that failed, leaves its part", () => {
  const whole = planRollback(two, one, "all").steps;
  expect(afterRollback(two, one, whole)).toMatchObject({
    sha: one.sha,
    workers: one.workers,
    sites: one.sites,
    image: one.image,
  });
  expect(planRollback(afterRollback(two, one, whole), one, "all").steps).toEqual([]);
  expect(afterRollback(two, one, planRollback(two, one, "edge").steps)).toMatchObject({
    sha: two.sha,
    image: two.image,
  });
  const half = afterRollback(
    two,
    one,
    whole.filter(({ kind }) => kind === "site"),
  );
  expect(planRollback(half, one, "all").steps.map(({ kind }) => kind)).toEqual(["infra", "worker", "image"]);
});
