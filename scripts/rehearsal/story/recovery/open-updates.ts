import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";

const Updates = z.array(z.object({ id: z.number(), payload: z.unknown() }));

/** The updates of dev that GitHub has written down as not ended. */
export async function openUpdates({ clouds }: Stage): Promise<z.infer<typeof Updates>> {
  const { url, repository, token } = clouds.github;
  const path = `/repos/${repository}/deployments?environment=dev&task=update`;
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return Updates.parse(await answer.json()).map(({ id, payload }) => ({ id, payload }));
}
