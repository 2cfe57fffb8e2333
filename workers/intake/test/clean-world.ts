import { reset } from "cloudflare:test";
import { afterEach, beforeEach, vi } from "vitest";
import { backend } from "./backend.ts";
import { holdTheClock } from "./intake.ts";

/** Each test of the file begins with nothing stored and nothing received, on a clock that only tests move. */
export function cleanWorldForEach(): void {
  beforeEach(holdTheClock);
  afterEach(async () => {
    vi.useRealTimers();
    await reset();
    await backend.reset();
  });
}
