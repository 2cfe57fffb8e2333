import type { Chapter } from "../chapter.ts";
import type { EdgeMemory } from "./memory.ts";
import { missingBinding } from "./missing-binding.ts";
import { newWorker } from "./new-worker.ts";
import { previews } from "./previews.ts";
import { putBack } from "./put-back.ts";
import { serversDown } from "./servers-down.ts";
import { start } from "./start.ts";
import { waf } from "./waf.ts";
import { wholeZone } from "./whole-zone.ts";

/** Workers, sites and the rules before them, on days that are not like every other. */
export const edge: Chapter<EdgeMemory> = {
  name: "edge",
  title: "The edge",
  tells:
    "Previews of a pull request, a new Worker, a deployment that fails in part, what the domain says of itself, attacks, and servers that are down.",
  remember: (played) => ({ played }),
  scenes: [start, previews, newWorker, putBack, missingBinding, wholeZone, waf, serversDown],
};
