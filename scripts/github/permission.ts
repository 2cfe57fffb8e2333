import { z } from "zod";
import type { Github } from "./client.ts";
import { GithubRefusal } from "./refusal.ts";

/** `maintain` shows as write, `triage` as read. */
const Answer = z.object({ permission: z.enum(["admin", "write", "read", "none"]) });

/**
 * Whether a person may write to the repository.
 * https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user
 */
export async function mayWrite(github: Github, login: string): Promise<boolean> {
  try {
    const { data } = await github.request("GET /repos/{owner}/{repo}/collaborators/{username}/permission", {
      ...github.at,
      username: login,
    });
    const { permission } = Answer.parse(data);
    return permission === "admin" || permission === "write";
  } catch (error) {
    // An account that is gone has no say any more.
    if (error instanceof GithubRefusal && error.kind === "not-found") return false;
    throw error;
  }
}
