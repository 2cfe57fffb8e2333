import type { Stage } from "../../stage/stage.ts";

/** Commits what is in the checkout to main and pushes it. */
export async function commitOnMain({ checkout }: Stage, message: string): Promise<string> {
  const sha = await checkout.commit(message);
  await checkout.git("push", "--quiet", "origin", "HEAD:main");
  await checkout.git("fetch", "--quiet", "origin");
  return sha;
}
