import { readRun } from "../../github/runs.ts";
import { judgeUpdate } from "../../recovery/holder.ts";
import { githubUpdates } from "../../recovery/record-stores.ts";
import { thisProcess } from "../../recovery/this-process.ts";
import { github } from "../../setup/facts/github.ts";
import type { Check } from "../check.ts";

export const openUpdates: Check = {
  name: "open-updates",
  about: "Updates that did not end in order, and the locks that they have left",
  async look(bench) {
    const hub = await github(bench);
    const witnesses = {
      here: thisProcess(),
      now: bench.context.now(),
      ownRun: undefined,
      run: (id: number) => readRun(hub, id),
      namesAreUnique: false,
    };
    const found = await Promise.all(
      bench.project.stacks.map(async (stack) => {
        const open = await githubUpdates(hub).open(stack);
        const holders = await Promise.all(open.map((update) => judgeUpdate(update, witnesses)));
        return holders
          .filter(({ state }) => state === "gone")
          .map(({ who, why }) => ({
            level: "wrong" as const,
            text: `An update of ${stack} did not end in order (${who}): ${why}. Its lock may stand.`,
            fix: `Deploy ${stack} again: that breaks the lock and mends what was left. docs/playbook.md, “A stack is locked”.`,
          }));
      }),
    );
    return found.flat();
  },
};
