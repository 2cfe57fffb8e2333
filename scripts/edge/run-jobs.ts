import pLimit from "p-limit";

/** One part's deployment. */
export interface Job {
  part: string;
  /** The parts that must be there before it; those that are no job are there already. */
  needs: readonly string[];
  run(): Promise<unknown>;
}

/** A part that is not deployed, and why. */
export interface FailedJob {
  part: string;
  error: Error;
}

/** What two wrangler processes do at once; more only wait. */
const AT_ONCE = 16;

/**
 * Runs jobs at once, each as soon as those that it needs are done, and waits for all of them. Jobs must stand after those
 * that they need.
 *
 * @returns what failed, with the jobs that were not begun because one that they need had failed
 */
export async function runJobs(jobs: readonly Job[]): Promise<FailedJob[]> {
  const limit = pLimit(AT_ONCE);
  const outcomes = new Map<string, Promise<Error | undefined>>();
  for (const { part, needs, run } of jobs) {
    const before = needs.flatMap((need) => outcomes.get(need)?.then((failed) => ({ need, failed })) ?? []);
    const outcome = async (): Promise<Error | undefined> => {
      const missing = (await Promise.all(before)).find(({ failed }) => failed !== undefined);
      if (missing) return new Error(`not deployed, as it needs ${missing.need}.`);
      try {
        await limit(run);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error));
      }
    };
    outcomes.set(part, outcome());
  }
  const all = [...outcomes].map(async ([part, outcome]) => ({ part, error: await outcome }));
  return (await Promise.all(all)).flatMap(({ part, error }) => (error ? [{ part, error }] : []));
}
