import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import type { Outbox } from "../src/outbox/outbox.ts";

export interface Killer {
  /** How many steps the object made since. */
  steps(): number;
  killed(): boolean;
  /** Takes a dead object away: the next call wakes a new one, with what is on disk. Does nothing while it lives. */
  bury(): Promise<void>;
  /** Lets the object live, if it still does. */
  stop(): void;
}

/**
 * Lets a Durable Object die at its `at`-th step from now: before or after it writes to its storage or sets its alarm, as it
 * sends a delivery, or as it gets the answer to one. From then on nothing that it tries has an effect. To die where it only
 * reads is to die at the write before or after.
 *
 * The object is not aborted from within: workerd does that well, but the test runner never ends afterwards. So what was
 * written just before death stays written, also where the platform would have undone it together with the step that is
 * missing: the harder case.
 */
export async function dyingAt(stub: DurableObjectStub<Outbox>, at: number): Promise<Killer> {
  let steps = 0;
  let killed = false;
  let buried = false;
  let armed = true;
  const step = () => {
    if (buried || (!killed && (!armed || ++steps < at))) return;
    killed = true;
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
  await runInDurableObject(stub, (_outbox, { storage }) => {
    around(storage, "transactionSync", step);
    before(storage, "setAlarm", step);
    before(storage.kv, "put", step);
  });
  return {
    steps: () => steps,
    killed: () => killed,
    async bury() {
      if (!killed || buried) return;
      await abortAllDurableObjects();
      buried = true;
    },
    stop() {
      armed = false;
      globalThis.fetch = realFetch;
    },
  };
}

function around<T extends object>(target: T, method: keyof T & string, step: () => void): void {
  before(target, method, step, step);
}

/** Calls `step` before a method of a host object, which stays the object's own, and `after` after it. */
function before<T extends object>(
  target: T,
  method: keyof T & string,
  step: () => void,
  after: () => void = () => {},
): void {
  const real = target[method];
  if (typeof real !== "function") throw new Error(`${method} is no method`);
  Object.defineProperty(target, method, {
    configurable: true,
    value: (...args: unknown[]) => {
      step();
      const result: unknown = real.apply(target, args);
      after();
      return result;
    },
  });
}
