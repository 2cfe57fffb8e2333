import { addEnvironment, fillEsc } from "../fill-esc.ts";
import { deployDevJob, releaseJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";

export const start: Scene<EdgeMemory> = {
  name: "edge-start",
  title: "Two stacks, and an account for previews",
  tells:
    "The owner has made a second Cloudflare account, which holds previews and nothing else, and has put a token for it into the ESC environment that pull requests may open. Dev and prod come up.",
  async play(stage, notes, memory) {
    const { cloudflare } = stage.clouds;
    await fillEsc(stage);
    await addEnvironment(stage, "edge-preview", {
      PREVIEW_CLOUDFLARE_API_TOKEN: cloudflare.previewToken,
      PREVIEW_CLOUDFLARE_ACCOUNT_ID: cloudflare.previewAccountId,
    });
    const sha = await stage.checkout.git("rev-parse", "HEAD");
    memory.main = sha;
    keepJob(notes, await deployDevJob(stage, sha));
    keepJob(notes, await releaseJob(stage, "v1.0.0", sha));
  },
};
