import { execFileSync } from "node:child_process";
import { connect } from "../github/client.ts";
import { githubReleases, type ReleaseStore } from "../release/store.ts";

/**
 * The releases that the workflows have written down, for a person at a terminal who has a token of GitHub's at hand: of the
 * repository that GITHUB_REPOSITORY names, or the one that the checkout came from. Undefined where neither is known.
 */
export function releasesAtGithub(root: string, env: NodeJS.ProcessEnv): ReleaseStore | undefined {
  const { GITHUB_TOKEN: token, GITHUB_API_URL: url } = env;
  const [, owner, name] =
    /^(?:.*[/:])?([\w.-]+)\/([\w.-]+?)(?:\.git)?$/.exec(env.GITHUB_REPOSITORY ?? originOf(root) ?? "") ?? [];
  if (!token || !owner || !name) return undefined;
  return githubReleases(connect(token, { owner, name }, url ?? "https://api.github.com"));
}

/** Where the checkout came from, if that is GitHub. */
function originOf(root: string): string | undefined {
  try {
    const url = execFileSync("git", ["remote", "get-url", "origin"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /github\.com[/:]/.test(url) ? url.trim() : undefined;
  } catch {
    // No repository, or one that came from nowhere: the releases of this folder are all there are.
    return undefined;
  }
}
