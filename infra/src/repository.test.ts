import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRepository } from "./repository.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "quayside-repository-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function worker(name: string, wrangler: string): void {
  mkdirSync(join(root, "workers", name), { recursive: true });
  writeFileSync(join(root, "workers", name, "wrangler.jsonc"), wrangler);
}

test("a Worker's bindings are what its wrangler.jsonc declares, comments and trailing commas and all", () => {
  worker(
    "intake",
    `{ // the Worker
      "kv_namespaces": [{ "binding": "INTAKE_SETTINGS", "id": "0" },],
      "queues": { "producers": [{ "binding": "INTAKE_EVENTS", "queue": "q" }], "consumers": [{ "queue": "q" }] },
      "d1_databases": [{ "binding": "INTAKE_ARCHIVE" }],
      "analytics_engine_datasets": [{ "binding": "INTAKE_METRICS" }]
    }`,
  );
  expect(readRepository(root).workers).toEqual([
    {
      name: "intake",
      routes: ["www/intake*", "app/intake*"],
      kvNamespaces: ["INTAKE_SETTINGS"],
      d1Databases: ["INTAKE_ARCHIVE"],
      queues: ["INTAKE_EVENTS"],
      r2Buckets: [],
      analyticsEngineDatasets: ["INTAKE_METRICS"],
    },
  ]);
});

test("folders that are no Workers and files beside the sites are left out, and the order is the alphabet's", () => {
  worker("zeta", "{}");
  worker("alpha", "{}");
  mkdirSync(join(root, "workers", "notes"));
  for (const name of ["www", "status", "pictures"]) mkdirSync(join(root, "sites", name), { recursive: true });
  writeFileSync(join(root, "sites", "www", "index.html"), "");
  writeFileSync(join(root, "sites", "status", "package.json"), "{}");
  writeFileSync(join(root, "sites", "README.md"), "");
  const { workers, sites } = readRepository(root);
  expect(workers.map(({ name }) => name)).toEqual(["alpha", "zeta"]);
  expect(sites).toEqual(["status", "www"]);
});

test("a repository without an edge is a repository all the same", () => {
  expect(readRepository(root)).toEqual({ workers: [], sites: [] });
});

test("a broken wrangler.jsonc is named with the place where it breaks", () => {
  worker("intake", '{ "kv_namespaces": [ }');
  expect(() => readRepository(root)).toThrow(/workers\/intake\/wrangler\.jsonc can't be read.*character 2\d/);
});

test("a Worker may name its routes itself, by the first labels of the stack's hosts", () => {
  worker("watch", '{ "routes": ["app/*", "status/watch*"] }');
  expect(readRepository(root).workers[0]?.routes).toEqual(["app/*", "status/watch*"]);
  worker("watch", '{ "routes": ["app.example.com/*"] }');
  expect(() => readRepository(root)).toThrow(/workers\/watch\/wrangler\.jsonc[\s\S]*routes\[0\]/);
});

test("a binding without a name is named", () => {
  worker("intake", '{ "kv_namespaces": [{ "id": "0" }] }');
  expect(() => readRepository(root)).toThrow(
    /workers\/intake\/wrangler\.jsonc[\s\S]*kv_namespaces\[0\]\.binding/,
  );
});
