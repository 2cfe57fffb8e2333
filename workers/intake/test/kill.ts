import { runInDurableObject } from "cloudflare:test";
import type { Outbox } from "../src/outbox/outbox.ts";

export interface Killer {
  /** How many steps the object made since. */
  steps(): number;
  killed(): boolean;
  /** Lets the object live, if it still does. */
  stop(): void;
}

/**
 * Lets a Durable Object die at its `at`-th step from now: before or after it writes to its storage or sets its alarm, as it
 * sends a delivery, or as it gets the answer to one. To die where it only reads is to die at the write before or after.
 * What is not on disk by then is gone, as in a crash of its machine.
 */
export async function dyingAt(stub: DurableObjectStub<Outbox>, at: number): Promise<Killer> {
  let steps = 0;
  let killed = false;
  let armed = true;
  let die = (): void => {};
  const step = () => {
    if (!armed || killed || ++steps < at) return;
    killed = true;
    die();
    throw new Error("killed");
  };
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const delivery = String(input).endsWith("/intake/messages");
    if (delivery) step();
    const response = await realFetch(input, init);
    if (delivery) step();
    return response;
  };
  await runInDurableObject(stub, (_outbox, state) => {
    die = () => state.abort("killed by the test");
    const { storage } = state;
    around(storage, "transactionSync", step);
    around(storage, "setAlarm", step);
    around(storage.kv, "put", step);
  });
  return {
    steps: () => steps,
    killed: () => killed,
    stop() {
      armed = false;
      globalThis.fetch = realFetch;
    },
  };
}

/** Calls `step` before and after a method of a host object, which stays the object's own. */
function around<T extends object>(target: T, method: keyof T & string, step: () => void): void {
  const real = target[method];
  if (typeof real !== "function") throw new Error(`${method} is no method`);
  Object.defineProperty(target, method, {
    configurable: true,
    value: (...args: unknown[]) => {
      step();
      const result: unknown = real.apply(target, args);
      step();
      return result;
    },
  });
}
