import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "./store.ts";

let world: string;
let store: Store;
beforeEach(() => {
  world = mkdtempSync(join(tmpdir(), "quayside-store-"));
  store = openStore(world, "test");
});
afterEach(() => {
  store.close();
  rmSync(world, { recursive: true, force: true });
});

test("documents keep the order in which they were first put, and are found again after a reopening", () => {
  const before = store.collection<{ n: number }>("things");
  before.put("b", { n: 1 });
  before.put("a", { n: 2 });
  before.put("b", { n: 3 });
  store.close();
  store = openStore(world, "test");
  expect(store.collection("things").list()).toEqual([{ n: 3 }, { n: 2 }]);
});

test("a counter starts at its first number and never gives one twice, not even after a reopening", () => {
  expect([store.next("c", 10), store.next("c", 10)]).toEqual([10, 11]);
  store.close();
  store = openStore(world, "test");
  expect(store.next("c", 10)).toBe(12);
});

test("a transaction that throws leaves nothing behind, also of the one inside it", () => {
  const things = store.collection<number>("things");
  expect(() =>
    store.transaction(() => {
      things.put("a", 1);
      store.transaction(() => things.put("b", 2));
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(things.list()).toEqual([]);
});

test("asynchronous transactions run one after the other, and only what is kept stays", async () => {
  const things = store.collection<number>("things");
  const order: string[] = [];
  const work = (name: string, keep: boolean) =>
    store.transactionAsync(
      async () => {
        order.push(`${name} begins`);
        things.put(name, 1);
        await setImmediate();
        order.push(`${name} ends`);
      },
      () => keep,
    );
  await Promise.all([work("a", true), work("b", false), work("c", true)]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect([things.get("a"), things.get("b"), things.get("c")]).toEqual([1, undefined, 1]);
});

test("an asynchronous transaction that throws is undone and does not hold up the next one", async () => {
  const things = store.collection<number>("things");
  const failing = store.transactionAsync(
    async () => {
      things.put("a", 1);
      throw new Error("no");
    },
    () => true,
  );
  await expect(failing).rejects.toThrow("no");
  await store.transactionAsync(
    async () => things.put("b", 2),
    () => true,
  );
  expect(things.list()).toEqual([2]);
});
