import { z } from "zod";
import type { Github } from "./client.ts";
import { GithubRefusal } from "./refusal.ts";

export interface Tag {
  name: string;
  /** The commit, also where the tag is an annotated one. */
  sha: string;
}

const Tags = z.array(z.object({ name: z.string(), commit: z.object({ sha: z.string() }) }));
const Ref = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });

/** All tags of the repository, in GitHub's order. */
export async function listTags(github: Github): Promise<Tag[]> {
  const data = await github.paginate("GET /repos/{owner}/{repo}/tags", { ...github.at, per_page: 100 });
  return Tags.parse(data).map(({ name, commit }) => ({ name, sha: commit.sha }));
}

/** The commit that a tag is on; undefined if there is no such tag. */
export async function commitOfTag(github: Github, name: string): Promise<string | undefined> {
  return commitOfRef(github, `tags/${name}`);
}

/** The newest commit of a branch; undefined if there is no such branch. */
export async function commitOfBranch(github: Github, name: string): Promise<string | undefined> {
  return commitOfRef(github, `heads/${name}`);
}

async function commitOfRef(github: Github, ref: string): Promise<string | undefined> {
  try {
    const { data } = await github.request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ...github.at, ref });
    let { object } = Ref.parse(data);
    // An annotated tag is an object of its own, and may even point at another one.
    while (object.type === "tag") {
      const tag = await github.request("GET /repos/{owner}/{repo}/git/tags/{tag_sha}", {
        ...github.at,
        tag_sha: object.sha,
      });
      object = Ref.parse(tag.data).object;
    }
    return object.sha;
  } catch (error) {
    if (error instanceof GithubRefusal && error.kind === "not-found") return undefined;
    throw error;
  }
}
