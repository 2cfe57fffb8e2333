import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";

const Volumes = z.object({
  volumes: z.array(z.object({ size: z.number(), labels: z.record(z.string(), z.string()) })),
});

/** The size of a stack's volume in GB, by Hetzner's own API. */
export async function volumeSize(stage: Stage, stack: string): Promise<number | undefined> {
  const { volumes } = Volumes.parse(await stage.api("hetzner", "/volumes?per_page=50"));
  return volumes.find(({ labels }) => labels.stack === stack)?.size;
}

/** What a pull request's one comment says now. */
export async function commentOf(stage: Stage, number: number): Promise<string> {
  const comments = await stage.github.comments(number);
  return comments.length === 1 ? (comments[0]?.body ?? "") : `${comments.length} comments`;
}
