import { expect, test } from "vitest";
import { manifest } from "../release/testing/manifest.ts";
import { fixOf } from "./fix-drift.ts";

test("A stack that main deploys is put right by the deployment of main", () => {
  expect(fixOf(manifest(1))).toEqual({
    workflow: "deploy-dev.yml",
    ref: "main",
    inputs: { refresh: "true" },
  });
});

test("A stack that a tag released is put right by the release of that tag", () => {
  expect(fixOf(manifest(1, { stack: "prod", ref: "refs/tags/v1.4.0" }))).toMatchObject({
    workflow: "release-prod.yml",
    ref: "v1.4.0",
  });
});

test("A stack that was rolled back is put right as the rollback left it, and not by what that took away", () => {
  for (const kind of ["rollback", "resume"] as const)
    expect(fixOf(manifest(2, { id: "prod-back", stack: "prod", kind, ref: "refs/tags/v1.4.0" }))).toEqual({
      workflow: "rollback.yml",
      ref: "main",
      inputs: { stack: "prod", release: "prod-back", scope: "all", refresh: "true" },
    });
});
