import type { Context } from "../../context.ts";
import type { PullRequestEvent } from "../../github/event.ts";
import type { Caller } from "../environment.ts";
import { tellPull } from "./tell-pulls.ts";

/** The stack that a merge is deployed to by itself; the others wait for a tag. */
const FOLLOWS_MAIN = "dev";

/** Says on a pull request that it is closed and its preview can't be applied any more, or that it is merged and will be. */
export async function tellClosed(
  context: Context,
  caller: Caller,
  { number, isMerged }: PullRequestEvent,
  stacks: readonly string[],
): Promise<void> {
  const told = isMerged ? stacks.filter((stack) => stack === FOLLOWS_MAIN) : stacks;
  // One after the other: they are written into the same comment.
  for (const stack of told)
    await tellPull(context, caller, { number }, stack, { kind: isMerged ? "merged" : "closed" });
}
