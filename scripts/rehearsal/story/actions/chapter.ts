import { dirname } from "node:path";
import { actProgram } from "../../act/program.ts";
import type { Chapter } from "../chapter.ts";
import { secrets } from "../secrets.ts";
import { bootstrap } from "./bootstrap.ts";
import { byHand } from "./by-hand.ts";
import { drift } from "./drift.ts";
import type { ActionsMemory } from "./memory.ts";
import { merge } from "./merge.ts";
import { pullRequest } from "./pull-request.ts";
import { rollback } from "./rollback.ts";

const ROOT = dirname(dirname(dirname(dirname(import.meta.dirname))));

export const actions: Chapter<ActionsMemory> = {
  name: "actions",
  title: "The workflow files",
  tells:
    "The loop once more, by .github/workflows as it is: act runs the files, and the rehearsed GitHub is their API, their artifacts and their identity.",
  remember: (played) => ({ played, commits: {} }),
  standIns: [
    "For the workflow files, GitHub's runner is act without containers; actions/checkout, actions/cache and actions/upload-artifact are small programs that know the rehearsed GitHub (docs/workflows.md has what act does not honour).",
  ],
  scenes: [bootstrap, pullRequest, merge, rollback, drift, byHand, { ...secrets, name: "actions-secrets" }],
  async missing() {
    const reason = await actProgram(ROOT).catch((error: unknown) => error);
    return reason instanceof Error
      ? `act can't be made available. ${"stderr" in reason ? reason.stderr : reason.message}`
      : undefined;
  },
};
