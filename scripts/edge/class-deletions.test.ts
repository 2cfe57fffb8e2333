import { expect, it } from "vitest";
import { classDeletions, everDeletesClasses } from "./class-deletions.ts";
import type { WorkerSource } from "./parts.ts";

const worker = (...migrations: object[]): WorkerSource => ({
  name: "intake",
  dir: "",
  lockFile: "",
  config: {
    name: "intake",
    main: "",
    vars: {},
    kv_namespaces: [],
    d1_databases: [],
    r2_buckets: [],
    analytics_engine_datasets: [],
    services: [],
    migrations,
  },
});
const FIRST = { tag: "v1", new_sqlite_classes: ["Outbox", "Ledger"] };
const SECOND = { tag: "v2", deleted_classes: ["Ledger"] };

it("Of a Worker's migrations those count that the live script has not had", () => {
  const source = worker(FIRST, SECOND, { tag: "v3", deleted_classes: ["Outbox"] });
  expect(classDeletions(source, "v1")).toEqual(["Ledger", "Outbox"]);
  expect(classDeletions(source, "v2")).toEqual(["Outbox"]);
  expect(classDeletions(source, "v3")).toEqual([]);
});

it("A script with a migration that nobody knows may lose every class that any of them deletes", () => {
  expect(classDeletions(worker(FIRST, SECOND), "v0")).toEqual(["Ledger"]);
});

it("Migrations that only make or rename classes delete nothing", () => {
  expect(everDeletesClasses(worker(FIRST, { tag: "v2", renamed_classes: [{ from: "A", to: "B" }] }))).toBe(
    false,
  );
  expect(everDeletesClasses(worker(FIRST, SECOND))).toBe(true);
});
