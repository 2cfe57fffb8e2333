import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { siteHash } from "../edge/build-site.ts";
import { findParts } from "../edge/parts.ts";
import { outputsOf, writeFiles } from "../edge/testing/checkout.ts";
import { workerHash } from "../edge/worker.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { image, manifest } from "../release/testing/manifest.ts";
import { edgeChanges } from "./edge-changes.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "edge-changes-"));
  writeFiles(root, {
    "workers/intake/wrangler.jsonc":
      '{ "name": "intake", "main": "index.js", "kv_namespaces": [{ "binding": "SETTINGS" }] }',
    "workers/intake/index.js": "",
    "sites/www/index.html": "",
    "package-lock.json": "{}",
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The events of a preview that ends with these outputs. */
function previewOf(outputs: unknown): EngineEvent[] {
  const metadata = { type: "pulumi:pulumi:Stack", new: { outputs } };
  return [{ resOutputsEvent: { metadata } } as unknown as EngineEvent];
}
const actions = (outputs: unknown, release: Parameters<typeof edgeChanges>[2]) =>
  edgeChanges(findParts(root), previewOf(outputs), release).map(
    ({ kind, name, action }) => `${action} ${kind} ${name}`,
  );

/** The release that a deployment of this very content leaves. */
function released(outputs: StackOutputs): ReleaseManifest {
  const { workers, sites } = findParts(root);
  const kept = manifest(1, { image: outputs.image });
  for (const worker of workers) {
    const before = kept.workers[worker.name];
    if (before) before.contentHash = workerHash(worker, outputs);
  }
  for (const site of sites) {
    const before = kept.sites[site.name];
    if (before) before.contentHash = siteHash(site);
  }
  return kept;
}

test("Without a release all is new, and a Worker's binding that is not known yet is named as such", () => {
  const outputs = outputsOf();
  const { intake } = outputs.workers;
  if (intake) intake.bindings.SETTINGS = { kind: "kv_namespace", id: UNKNOWN };
  expect(actions(outputs, undefined)).toEqual([
    "create worker intake",
    "create site www",
    "create image app",
  ]);
  expect(edgeChanges(findParts(root), previewOf(outputs), undefined)[0]?.after).toBe("after the update");
});

test("A binding that the stack will not have stops before anything is touched, known ids or not", () => {
  const outputs = outputsOf();
  const { intake } = outputs.workers;
  if (intake) intake.bindings = { STACK: { kind: "var", value: UNKNOWN } };
  expect(() => actions(outputs, undefined)).toThrow(
    expect.objectContaining({
      code: "binding-missing",
      exitCode: 3,
      message: expect.stringContaining("SETTINGS (kv_namespace)"),
    }),
  );
});

test("Outputs that nobody knows leave the sites, which need none", () => {
  expect(actions(undefined, undefined)).toEqual(["create worker intake", "create site www"]);
  expect(actions({ image: UNKNOWN }, undefined)).toEqual(["create worker intake", "create site www"]);
});

test("Against a release only what differs is an update", () => {
  const outputs = outputsOf();
  const release = released(outputs);
  expect(actions(outputs, release)).toEqual(["same worker intake", "same site www", "same image app"]);
  writeFiles(root, { "sites/www/index.html": "new" });
  expect(actions({ ...outputs, image: image("2") }, release)).toEqual([
    "same worker intake",
    "update site www",
    "update image app",
  ]);
  writeFiles(root, { "sites/www/index.html": "" });
  expect(actions({ ...outputs, turnstileSiteKey: "0x4AAA" }, release)[1]).toBe("update site www");
  const { intake } = outputs.workers;
  if (intake) intake.bindings.SETTINGS = { kind: "kv_namespace", id: UNKNOWN };
  expect(actions(outputs, release)[0]).toBe("update worker intake");
});

test("An image is shown by the first digits of its digest", () => {
  const [, , change] = edgeChanges(findParts(root), previewOf(outputsOf({ image: image("2") })), manifest(1));
  expect(change).toMatchObject({
    before: "ghcr.io/quayside/app@111111111111",
    after: "ghcr.io/quayside/app@222222222222",
  });
});
