import type { Input } from "@pulumi/pulumi";

/** A plain type of which any leaf may be known only after the update. */
export type Deferred<T> = T extends string | number | boolean | undefined
  ? Input<T>
  : T extends readonly (infer Item)[]
    ? Deferred<Item>[]
    : { [K in keyof T]: Deferred<T[K]> };
