import { z } from "zod";
import type { Github } from "./client.ts";

const Comparison = z.object({
  status: z.enum(["ahead", "behind", "diverged", "identical"]),
  ahead_by: z.number(),
  behind_by: z.number(),
});

/** How `head` stands to `base`, both a commit, a branch or a tag. */
export async function compareCommits(
  github: Github,
  base: string,
  head: string,
): Promise<{ status: "ahead" | "behind" | "diverged" | "identical"; aheadBy: number; behindBy: number }> {
  const { data } = await github.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    ...github.at,
    basehead: `${base}...${head}`,
    per_page: 1,
  });
  const { status, ahead_by, behind_by } = Comparison.parse(data);
  return { status, aheadBy: ahead_by, behindBy: behind_by };
}

/** Whether `head` has everything of `base`; so too if they are the same commit. */
export async function isAncestor(github: Github, base: string, head: string): Promise<boolean> {
  const { status } = await compareCommits(github, base, head);
  return status === "ahead" || status === "identical";
}
