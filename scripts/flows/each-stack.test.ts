import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { eachStack } from "./each-stack.ts";

const STACKS = Array.from({ length: 20 }, (_, index) => `stack-${index}`);
/** Lets everything else go on that can. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("Stacks are looked at a few at a time, and the results come in their order", async () => {
  let now = 0;
  let most = 0;
  const results = await eachStack(STACKS, async (stack) => {
    most = Math.max(most, ++now);
    await turn();
    now--;
    return stack.toUpperCase();
  });
  expect(results).toEqual(STACKS.map((stack) => stack.toUpperCase()));
  expect(most).toBe(6);
});

test("One that fails does not keep the others from being looked at", async () => {
  const seen: string[] = [];
  const looking = eachStack(STACKS, async (stack) => {
    if (stack === "stack-0") throw new UserError("esc-refused", "There is none.", "Make it.");
    await turn();
    seen.push(stack);
  });
  await expect(looking).rejects.toMatchObject({ code: "esc-refused", message: "There is none." });
  expect(seen).toHaveLength(STACKS.length - 1);
});

test("Several that are refused are all named, and a bug is not hidden among them", async () => {
  const refused = async (stack: string) => {
    throw new UserError("esc-refused", `${stack} is closed.`, "Open it.");
  };
  await expect(eachStack(["a", "b"], refused)).rejects.toMatchObject({
    code: "esc-refused",
    message: "a: a is closed.\nb: b is closed.",
    fix: "Open it.",
  });
  const bug = new TypeError("undefined is not a function");
  const wrong = (stack: string) => (stack === "b" ? Promise.reject(bug) : refused(stack));
  await expect(eachStack(["a", "b"], wrong)).rejects.toBe(bug);
});
