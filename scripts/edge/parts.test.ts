import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { findParts, type WorkerSource } from "./parts.ts";
import { outputsOf, writeFiles } from "./testing/checkout.ts";
import { secretsHash, type WorkerSecrets, workerHash } from "./worker.ts";
import { workerConfig } from "./worker-config.ts";

const CONFIG = `{
  // As a person writes it.
  "name": "intake",
  "main": "src/index.ts",
  "compatibility_date": "2026-01-01",
  "vars": { "STACK": "local", "COLOUR": "blue" },
  "kv_namespaces": [{ "binding": "SETTINGS", "id": "local" }],
  "d1_databases": [{ "binding": "ARCHIVE", "database_id": "local", "migrations_dir": "migrations" }],
  "r2_buckets": [{ "binding": "FILES" }],
  "analytics_engine_datasets": [{ "binding": "COUNTS", "dataset": "counts_local" }],
  "queues": { "producers": [{ "binding": "FORWARD", "delivery_delay": 1 }] },
  "services": [{ "binding": "SEARCH", "service": "search" }, { "binding": "OTHER", "service": "somebody-elses" }],
  "assets": { "directory": "./public", "binding": "ASSETS" },
}`;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "parts-"));
  writeFiles(root, {
    "workers/intake/wrangler.jsonc": CONFIG,
    "workers/intake/src/index.ts": "export default {}",
    "workers/notes/README.md": "",
    "sites/www/index.html": "<!doctype html>",
    "sites/shared/style.css": "",
    "package-lock.json": "{}",
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function intake(): WorkerSource {
  const [worker] = findParts(root).workers;
  if (!worker) throw new Error("no Worker was found");
  return worker;
}

describe("the parts of a checkout", () => {
  test("A wrangler.jsonc makes a Worker, an index.html makes a site, other folders make nothing", () => {
    const { workers, sites } = findParts(root);
    expect(workers.map(({ name }) => name)).toEqual(["intake"]);
    expect(sites).toEqual([{ name: "www", dir: join(root, "sites", "www") }]);
  });

  test("A checkout without an edge has none", () => {
    expect(findParts(join(root, "sites"))).toEqual({ workers: [], sites: [] });
  });

  test("A wrangler.jsonc that can't be read is named, with every problem that it has", () => {
    for (const [text, problem] of [
      ['{ "name": "intake", "main" }', /ColonExpected at character \d+.*main: /],
      ['{ "main": 5, "kv_namespaces": [{ "id": "x" }] }', /name: .*main: .*kv_namespaces\.0\.binding: /],
      ["", /ValueExpected/],
    ] as const) {
      writeFiles(root, { "workers/intake/wrangler.jsonc": text });
      expect(() => findParts(root)).toThrow(
        expect.objectContaining({
          code: "worker-config",
          exitCode: 2,
          message: expect.stringMatching(problem),
        }),
      );
    }
  });
});

describe("the configuration that a Worker is deployed with", () => {
  test("Names, routes and ids are the stack's, all else stays as it was written", () => {
    const outputs = outputsOf();
    outputs.workers.search = { scriptName: "search-dev", routes: [], bindings: {} };
    expect(workerConfig(intake(), outputs)).toEqual({
      name: "intake-dev",
      account_id: outputs.accountId,
      main: join(root, "workers", "intake", "src", "index.ts"),
      compatibility_date: "2026-01-01",
      vars: { STACK: "dev", COLOUR: "blue" },
      kv_namespaces: [{ binding: "SETTINGS", id: "kv-id" }],
      d1_databases: [
        {
          binding: "ARCHIVE",
          database_id: "d1-id",
          database_name: "archive-dev",
          migrations_dir: "migrations",
        },
      ],
      r2_buckets: [{ binding: "FILES", bucket_name: "files-dev" }],
      analytics_engine_datasets: [{ binding: "COUNTS", dataset: "counts_dev" }],
      queues: { producers: [{ binding: "FORWARD", queue: "forward-dev", delivery_delay: 1 }] },
      services: [
        { binding: "SEARCH", service: "search-dev" },
        { binding: "OTHER", service: "somebody-elses" },
      ],
      assets: { directory: join(root, "workers", "intake", "public"), binding: "ASSETS" },
      routes: [{ pattern: "www-dev.example.com/intake*", zone_id: "zone" }],
    });
  });

  test("Every binding that the stack lacks, or has as another kind, is named at once", () => {
    const outputs = outputsOf();
    const { intake: wanted } = outputs.workers;
    if (wanted) wanted.bindings = { ...wanted.bindings, SETTINGS: { kind: "var", value: "x" } };
    delete wanted?.bindings.FORWARD;
    expect(() => workerConfig(intake(), outputs)).toThrow(
      expect.objectContaining({
        code: "binding-missing",
        message: expect.stringContaining("SETTINGS (kv_namespace), FORWARD (queue)."),
      }),
    );
  });

  test.each(["hyperdrive", "vectorize", "secrets_store_secrets"])(
    "A kind that no stack has is refused, as its id would be somebody else's: %s",
    (kind) => {
      const { config, ...worker } = intake();
      const other = { ...worker, config: { ...config, [kind]: [{ binding: "DATABASE", id: "of-my-own" }] } };
      expect(() => workerConfig(other, outputsOf())).toThrow(
        expect.objectContaining({
          code: "binding-missing",
          message: expect.stringContaining(`DATABASE (${kind})`),
        }),
      );
    },
  );

  test("A Worker that the stack does not know is refused", () => {
    expect(() => workerConfig(intake(), outputsOf({ workers: {} }))).toThrow(
      expect.objectContaining({ code: "worker-unknown" }),
    );
  });
});

describe("the hash that says whether a Worker must be deployed", () => {
  const hash = (outputs: StackOutputs = outputsOf()) => workerHash(intake(), outputs);

  test("Sources, locked packages, configuration and bindings change it; tests and other places do not", () => {
    const first = hash();
    const outputs = outputsOf();
    if (outputs.workers.intake) outputs.workers.intake.routes = ["elsewhere.example.com/*"];
    const seen = [first, hash(outputs)];
    for (const [file, content] of [
      ["workers/intake/src/index.ts", "export default { fetch() {} }"],
      ["package-lock.json", '{ "lockfileVersion": 3 }'],
      ["workers/intake/wrangler.jsonc", CONFIG.replace("blue", "red")],
    ] as const) {
      writeFiles(root, { [file]: content });
      seen.push(hash());
    }
    expect(new Set(seen).size).toBe(seen.length);
    writeFiles(root, { "workers/intake/src/index.test.ts": "1", "workers/intake/.dev.vars": "1" });
    expect(hash()).toBe(seen.at(-1));
  });

  test("It is the same in a clone that stands elsewhere", () => {
    const here = hash();
    const elsewhere = mkdtempSync(join(tmpdir(), "parts-"));
    try {
      writeFiles(elsewhere, {
        "workers/intake/wrangler.jsonc": CONFIG,
        "workers/intake/src/index.ts": "export default {}",
        "package-lock.json": "{}",
      });
      const [worker] = findParts(elsewhere).workers;
      expect(worker && workerHash(worker, outputsOf())).toBe(here);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test("Secrets have a keyed hash of their own, by name and value, in any order", () => {
    const one = secretsHash({ values: { A: "1", B: "2" }, hashKey: "key" });
    expect(secretsHash({ values: { B: "2", A: "1" }, hashKey: "key" })).toBe(one);
    const others: WorkerSecrets[] = [
      { values: { A: "2", B: "1" }, hashKey: "key" },
      { values: { A: "1" }, hashKey: "key" },
      { values: { A: "1", B: "2" }, hashKey: "other" },
    ];
    expect(new Set([one, ...others.map(secretsHash)]).size).toBe(4);
  });
});
