import { code, link, prose } from "../change/comment/escape.ts";
import type { PullRequest } from "../github/pulls.ts";
import type { ReleaseManifest } from "../release/manifest.ts";

/** What one GitHub Release is about. */
export interface ReleaseNotes {
  tag: string;
  manifest: ReleaseManifest;
  /** The release of the stack before it; undefined for the first one. */
  previous?: ReleaseManifest;
  /** The pull requests that were merged since then, newest first. */
  pulls: readonly PullRequest[];
  /** `https://github.com/owner/name`. */
  repositoryUrl: string;
}

/** GitHub's limit for the text of a release is 125,000 characters; nobody reads so many. */
const MOST_PULLS = 100;

/** The notes of a release: what was merged since the one before, what runs now, and how to go back. Markdown. */
export function renderReleaseNotes({ tag, manifest, previous, pulls, repositoryUrl }: ReleaseNotes): string {
  const shown = pulls.slice(0, MOST_PULLS);
  const changes = shown.map(
    // A number after a hash is a link on GitHub; the name stands in code, so that nobody is pinged by a release.
    ({ number, title, author }) => `- ${prose(title)} (#${number}${author ? ` by ${code(author)}` : ""})`,
  );
  return [
    "## What is new",
    "",
    ...(changes.length > 0 ? changes : ["Nothing was merged by pull request since the release before."]),
    ...(pulls.length > shown.length ? [`- and ${pulls.length - shown.length} more`] : []),
    "",
    ...(previous && previous.sha !== manifest.sha
      ? [
          link(
            `All commits since ${code(previous.ref.replace(/^refs\/(heads|tags)\//, ""))}`,
            `${repositoryUrl}/compare/${previous.sha.slice(0, 12)}...${tag}`,
          ),
          "",
        ]
      : []),
    "## What runs",
    "",
    "| part | version |",
    "|---|---|",
    `| infrastructure | commit ${code(manifest.sha.slice(0, 12))} |`,
    ...Object.entries(manifest.workers).map(
      ([name, { versionId }]) =>
        `| Worker ${code(name)} | ${code(versionId)}${changed(previous?.workers[name]?.versionId, versionId)} |`,
    ),
    ...Object.entries(manifest.sites).map(
      ([name, { deploymentId }]) =>
        `| site ${code(name)} | ${code(deploymentId)}${changed(previous?.sites[name]?.deploymentId, deploymentId)} |`,
    ),
    `| app | ${code(manifest.image, 160)}${changed(previous?.image, manifest.image)} |`,
    "",
    `Released to ${code(manifest.stack)} by ${code(manifest.actor)}${manifest.finishedAt ? ` at ${manifest.finishedAt.slice(0, 16).replace("T", " ")} UTC` : ""}${manifest.runUrl ? `, ${link("run", manifest.runUrl)}` : ""}. The whole record is the file ${code("manifest.json")} below.`,
    "",
    ...(previous
      ? [
          "To go back to the release before:",
          "",
          "```sh",
          `gh workflow run rollback.yml -f stack=${manifest.stack} -f release=${previous.id}`,
          "```",
          "",
        ]
      : []),
  ].join("\n");
}

function changed(before: string | undefined, now: string): string {
  return before === now ? "" : before === undefined ? " (new)" : " (changed)";
}
