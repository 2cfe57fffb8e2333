import type { Context } from "../../context.ts";
import type { PullRequestEvent } from "../../github/event.ts";
import { type Project, stageOf } from "../../stack/stacks.ts";
import type { Caller } from "../environment.ts";
import { tellPull } from "./tell-pulls.ts";

/** What a merge is deployed to by itself, of each project; the others wait for a tag. */
const FOLLOWS_MAIN = "dev";

/** Says on a pull request that it is closed and its preview can't be applied any more, or that it is merged and will be. */
export async function tellClosed(
  context: Context,
  caller: Caller,
  { number, isMerged }: PullRequestEvent,
  project: Project,
): Promise<void> {
  const { stacks } = project;
  const told = isMerged ? stacks.filter((stack) => stageOf(project, stack) === FOLLOWS_MAIN) : stacks;
  await tellPull(context, project, caller, { number }, told, { kind: isMerged ? "merged" : "closed" });
}
