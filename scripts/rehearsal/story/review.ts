import type { Chapter } from "./chapter.ts";
import { approval } from "./review/approval.ts";
import { database } from "./review/database.ts";
import type { ReviewMemory } from "./review/memory.ts";
import { moved } from "./review/moved.ts";
import { gate, planned } from "./review/prod.ts";
import { start } from "./review/start.ts";
import { twoMerges } from "./review/two-merges.ts";

/** What was reviewed is what is applied, however the world moves in between. */
export const review: Chapter<ReviewMemory> = {
  name: "review",
  title: "What was reviewed is what is applied",
  tells:
    "Between a review and a deployment the world moves: others merge, somebody changes a stack, an approval was for something else, a job runs late. Each of them is noticed before anything is touched.",
  remember: (played) => ({ played, onDev: "", earlier: "" }),
  scenes: [start, moved, approval, twoMerges, gate, planned, database],
};
