/** One call of a Worker by a visitor, as the analytics count it. */
interface Invocation {
  script: string;
  at: Date;
  /** An exception that nobody caught. A 500 that the Worker answers itself is a success to Cloudflare. */
  failed: boolean;
}

/** More than a rehearsal makes; the oldest are forgotten first, as Cloudflare forgets after three months. */
const MOST = 50_000;

/** Counts calls of Workers for the analytics: all of them and at once, where Cloudflare samples and is minutes late. */
export class Invocations {
  readonly #calls: Invocation[] = [];

  add(call: Invocation): void {
    this.#calls.push(call);
    if (this.#calls.length > MOST) this.#calls.shift();
  }

  /** The sums between two times, the second one excluded, for one script or for each. */
  sums(from: Date, to: Date, script?: string): { script: string; requests: number; errors: number }[] {
    const sums = new Map<string, { script: string; requests: number; errors: number }>();
    for (const call of this.#calls) {
      if (call.at < from || call.at >= to || (script !== undefined && call.script !== script)) continue;
      const sum = sums.get(call.script) ?? { script: call.script, requests: 0, errors: 0 };
      sum.requests += 1;
      if (call.failed) sum.errors += 1;
      sums.set(call.script, sum);
    }
    return [...sums.values()];
  }
}
