import { expect, test } from "vitest";
import { inOrder, neededBy } from "./order.ts";
import type { WorkerSource } from "./parts.ts";

function worker(
  name: string,
  bound: { services?: string[]; objectsOf?: string; logsTo?: string } = {},
): WorkerSource {
  return {
    name,
    dir: `/workers/${name}`,
    lockFile: "/package-lock.json",
    config: {
      name,
      main: "index.js",
      vars: {},
      kv_namespaces: [],
      d1_databases: [],
      r2_buckets: [],
      analytics_engine_datasets: [],
      services: (bound.services ?? []).map((service) => ({ binding: service.toUpperCase(), service })),
      ...(bound.objectsOf
        ? { durable_objects: { bindings: [{ name: "OBJECT", script_name: bound.objectsOf }] } }
        : {}),
      ...(bound.logsTo ? { tail_consumers: [{ service: bound.logsTo }] } : {}),
    },
  };
}
const names = (workers: WorkerSource[]) => inOrder(workers).map(({ name }) => name);

test("A Worker comes after those that it binds, in whatever way", () => {
  expect(
    names([
      worker("alpha", { services: ["beta", "somebody-elses"], logsTo: "log" }),
      worker("beta", { objectsOf: "counter" }),
      worker("counter"),
      worker("log"),
    ]),
  ).toEqual(["counter", "beta", "log", "alpha"]);
});

test("A Worker that binds itself needs nobody", () => {
  const own = worker("alpha", { services: ["alpha"], objectsOf: "alpha" });
  expect(neededBy(own, [own])).toEqual([]);
  expect(names([own])).toEqual(["alpha"]);
});

test("A circle is an error that names it, and only it", () => {
  const circle = [
    worker("first", { services: ["alpha"] }),
    worker("alpha", { services: ["beta"] }),
    worker("beta", { objectsOf: "gamma" }),
    worker("gamma", { services: ["alpha"] }),
  ];
  expect(() => inOrder(circle)).toThrow(
    expect.objectContaining({
      code: "worker-cycle",
      exitCode: 2,
      message: expect.stringContaining("alpha → beta → gamma → alpha."),
    }),
  );
});
