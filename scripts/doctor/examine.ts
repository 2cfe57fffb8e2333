import { UserError } from "../errors.ts";
import { type Bench, Unanswered } from "../setup/bench.ts";
import type { Check, Symptom } from "./check.ts";

/** How one check ended. */
export interface Finding {
  check: string;
  about: string;
  /** `unseen`: what it needs was not given, a token for example. */
  state: "well" | "soon" | "wrong" | "unseen";
  symptoms: Symptom[];
}

const LIMIT_MS = 20_000;

/** Looks at everything at once. A check that fails by itself, or does not end, is a finding and stops no other. */
export function examine(bench: Bench, checks: readonly Check[], limitMs = LIMIT_MS): Promise<Finding[]> {
  return Promise.all(checks.map((check) => lookAt(bench, check, limitMs)));
}

async function lookAt(bench: Bench, check: Check, limitMs: number): Promise<Finding> {
  const { name, about } = check;
  try {
    const symptoms = await withinLimit(check.look(bench), limitMs);
    const wrong = symptoms.some(({ level }) => level === "wrong");
    return { check: name, about, state: wrong ? "wrong" : symptoms.length > 0 ? "soon" : "well", symptoms };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const symptom: Symptom = { level: "wrong", text: error.message, fix: error.fix };
    const unseen = error instanceof Unanswered && !error.refused;
    return { check: name, about, state: unseen ? "unseen" : "wrong", symptoms: [symptom] };
  }
}

async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new UserError(
            "doctor-slow",
            `There was no answer within ${limitMs / 1000} s.`,
            "Look at the provider's status page, then run npm run doctor again.",
          ),
        ),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
