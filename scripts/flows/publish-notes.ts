import { execa } from "execa";
import pLimit from "p-limit";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Github } from "../github/client.ts";
import { type PullRequest, pullRequestOfCommit } from "../github/pulls.ts";
import { publishRelease } from "../github/release.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { parseVersion } from "../release/version.ts";
import { redact } from "../secrets/redaction.ts";
import { homeOf, type Project } from "../stack/stacks.ts";
import type { Caller } from "./environment.ts";
import { renderReleaseNotes } from "./release-notes.ts";

/** How many releases are looked through for the one of a tag. */
const HISTORY = 100;
/** More commits between two releases are not looked up one by one. */
const MOST_COMMITS = 250;
const PARALLEL = 6;

/**
 * Publishes the GitHub Release of a tag that a stack runs, or ran: notes from the pull requests merged since the release
 * before, and the manifest as a file. Can run again: a release that is there is brought to the same content.
 *
 * @returns the release's page, undefined without GitHub
 * @throws UserError `release-unknown` where the tag was never released with success
 */
export async function publishTag(
  context: Context,
  { github, releases, event }: Caller,
  project: Project,
  stack: string,
  tag: string,
): Promise<string | undefined> {
  const all = await releases.list(stack, HISTORY);
  const manifest = all.find((release) => isDeploymentOf(release, tag));
  if (!manifest)
    throw new UserError(
      "release-unknown",
      `${tag} was never released to ${stack} with success, so there is nothing to publish.`,
      `Release it first: push the tag, or run npm run release -- ${tag}.`,
      EXIT.usage,
    );
  // A rollback in between is no release that people wait for; what was new since the last tag is.
  const previous = all
    .slice(all.indexOf(manifest) + 1)
    .find(({ kind, outcome, ref }) => kind === "deploy" && outcome === "succeeded" && ref !== manifest.ref);
  if (!github || !event) return undefined;
  const pulls = await pullsBetween(github, context.root, previous?.sha, manifest.sha);
  const { owner, name } = event.repository;
  const body = renderReleaseNotes({
    tag,
    manifest,
    ...(previous ? { previous } : {}),
    pulls,
    repositoryUrl: `${event.serverUrl}/${owner}/${name}`,
  });
  const { url } = await publishRelease(github, {
    tag,
    sha: manifest.sha,
    name: tag,
    body: redact(body),
    prerelease: (parseVersion(tag, homeOf(project, stack).prefix)?.prerelease.length ?? 0) > 0,
    asset: {
      name: "manifest.json",
      contentType: "application/json",
      data: Buffer.from(redact(`${JSON.stringify(manifest, undefined, 2)}\n`)),
    },
  });
  return url;
}

/** The pull requests whose merges are in a commit and not in an earlier one, newest first. */
async function pullsBetween(
  github: Github,
  root: string,
  from: string | undefined,
  to: string,
): Promise<PullRequest[]> {
  const { stdout } = await execa(
    "git",
    // The commits of the branch itself: what a merge brought from the side is its merge's.
    ["rev-list", "--first-parent", `--max-count=${MOST_COMMITS}`, ...(from ? [`${from}..${to}`] : [to])],
    { cwd: root },
  );
  const atOnce = pLimit(PARALLEL);
  const found = await Promise.all(
    stdout
      .split("\n")
      .filter(Boolean)
      .map((commit) => atOnce(() => pullRequestOfCommit(github, commit))),
  );
  return [...new Map(found.flatMap((pull) => (pull ? [[pull.number, pull] as const] : []))).values()];
}

function isDeploymentOf({ kind, outcome, ref }: ReleaseManifest, tag: string): boolean {
  return kind === "deploy" && outcome === "succeeded" && ref === `refs/tags/${tag}`;
}
