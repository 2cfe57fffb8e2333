import pLimit from "p-limit";
import { UserError } from "../errors.ts";

/**
 * How many stacks are looked at at once. Each has an engine of its own, about 120 MB; a hosted runner has two cores or
 * four, and more at once finish no earlier.
 */
const AT_ONCE = 6;

/**
 * Does something with each stack, a few at a time, and gives the results in the stacks' order. A stack that fails does not
 * keep the others from being looked at.
 *
 * @throws what a stack threw, once all have ended; where several are refused, a UserError that names each of them
 */
export async function eachStack<T>(
  stacks: readonly string[],
  look: (stack: string) => Promise<T>,
): Promise<T[]> {
  const limit = pLimit(AT_ONCE);
  const settled = await Promise.allSettled(stacks.map((stack) => limit(() => look(stack))));
  const results: T[] = [];
  const failures: { stack: string; error: unknown }[] = [];
  for (const [index, each] of settled.entries()) {
    if (each.status === "fulfilled") results.push(each.value);
    else failures.push({ stack: stacks[index] ?? "", error: each.reason });
  }
  if (failures.length === 0) return results;
  const bug = failures.find(({ error }) => !(error instanceof UserError));
  const [first, ...others] = failures.map(({ error }) => error);
  if (bug || !(first instanceof UserError) || others.length === 0) throw bug?.error ?? first;
  throw new UserError(
    first.code,
    failures.map(({ stack, error }) => `${stack}: ${(error as UserError).message}`).join("\n"),
    first.fix,
    first.exitCode,
  );
}
