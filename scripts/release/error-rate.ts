/** Calls of a Worker in a time, and how many of them failed. */
interface Calls {
  requests: number;
  errors: number;
}

/** Fewer errors than this are no rate: one visitor's broken connection in a quiet hour must not take a release back. */
const FEWEST_ERRORS = 3;

/**
 * Whether a version that has a share of a Worker's traffic fails more often than it may. Cloudflare counts a Worker's calls
 * and not a version's, so what the Worker failed before the rollout is taken off, and the rest is the new version's. Pure.
 *
 * @param share The new version's part of the traffic, in percent.
 * @returns what is wrong, in a sentence; undefined where nothing is, or where there is too little to tell
 */
export function failsTooOften(
  before: Calls,
  during: Calls,
  share: number,
  maxErrorPercent: number,
): string | undefined {
  const usual = before.requests === 0 ? 0 : before.errors / before.requests;
  const part = share / 100;
  const ofOld = usual * during.requests * (1 - part);
  const ofNew = Math.max(0, during.errors - ofOld);
  const requests = during.requests * part;
  if (ofNew < FEWEST_ERRORS || requests === 0) return undefined;
  const percent = Math.min(100, (ofNew / requests) * 100);
  if (percent <= Math.max(maxErrorPercent, usual * 100)) return undefined;
  return `about ${percent.toFixed(percent < 10 ? 1 : 0)} % of its calls fail (${during.errors} of all ${during.requests} calls of the Worker since then), and ${maxErrorPercent} % may.`;
}
