import { createRequire } from "node:module";

/** What the SDK's declarations leave out. */
interface Debuggable {
  debugPromiseLeaks: boolean;
  debuggablePromise<T>(promise: Promise<T>, context: unknown): Promise<T>;
}

let isDone = false;

/**
 * Keeps the Pulumi SDK from taking a stack trace for each of its promises, of which a preview has thousands, unless
 * `PULUMI_DEBUG_PROMISE_LEAKS` asks for them: nothing else shows any, and they are 7 % of what such a process does.
 * Errors keep their traces.
 */
export function skipPromiseTraces(): void {
  if (isDone) return;
  isDone = true;
  const sdk: Debuggable = createRequire(import.meta.url)("@pulumi/pulumi/runtime/debuggable.js");
  if (sdk.debugPromiseLeaks) return;
  const { debuggablePromise } = sdk;
  sdk.debuggablePromise = (promise, context) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}
