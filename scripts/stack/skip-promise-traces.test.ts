import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { skipPromiseTraces } from "./skip-promise-traces.ts";

it("spares the SDK's promises their stack traces, and leaves errors theirs", async () => {
  skipPromiseTraces();
  skipPromiseTraces();
  const sdk = createRequire(import.meta.url)("@pulumi/pulumi/runtime/debuggable.js");
  const promise = Promise.resolve("value");
  expect(await sdk.debuggablePromise(promise, "of a test")).toBe("value");
  const { _debugCtx: context, _debugStackTrace: trace } = promise as unknown as Record<string, string>;
  expect([context, trace]).toEqual(["of a test", expect.stringMatching(/^Error:? *$/)]);
  expect(new Error("with a trace").stack).toContain(import.meta.filename);
});
