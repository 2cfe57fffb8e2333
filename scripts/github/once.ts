import type { Github } from "./client.ts";
import { GithubRefusal } from "./refusal.ts";

const TRIES = 3;
const PAUSE_MS = 500;

/**
 * Creates something exactly once. A POST whose answer got lost may have been carried out, so that it is never repeated
 * blindly: `find` looks first whether it is there.
 */
export async function createOnce<T>(
  github: Pick<Github, "sleep">,
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof GithubRefusal) || error.kind !== "unavailable" || attempt === TRIES) throw error;
      await github.sleep(PAUSE_MS * attempt);
      const made = await find();
      if (made !== undefined) return made;
    }
  }
}
