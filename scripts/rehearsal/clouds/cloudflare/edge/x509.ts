import { webcrypto } from "node:crypto";
import type * as X509 from "@peculiar/x509";

/**
 * The X.509 library, loaded when first needed (it costs about 100 ms).
 * Its dependency injection asks for a few functions of the `reflect-metadata` proposal, which Node does not have.
 */
export async function x509Library(): Promise<typeof X509> {
  const reflect = Reflect as unknown as Record<string, unknown>;
  if (reflect.getMetadata === undefined) {
    const all = new WeakMap<object, Map<unknown, unknown>>();
    const own = (key: unknown, target: object) => all.get(target)?.get(key);
    const define = (key: unknown, value: unknown, target: object) => {
      const metadata = all.get(target) ?? new Map();
      all.set(target, metadata.set(key, value));
    };
    reflect.getOwnMetadata = own;
    reflect.getMetadata = (key: unknown, target: object) => {
      for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
        const value = own(key, at);
        if (value !== undefined) return value;
      }
      return undefined;
    };
    reflect.hasOwnMetadata = (key: unknown, target: object) => own(key, target) !== undefined;
    reflect.defineMetadata = define;
    reflect.metadata = (key: unknown, value: unknown) => (target: object) => define(key, value, target);
  }
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as unknown as typeof globalThis.crypto);
  return x509;
}
