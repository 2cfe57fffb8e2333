import { code, link } from "../change/comment/escape.ts";
import type { ReleaseManifest } from "../release/manifest.ts";

/** What a stack runs now, part by part, for a job summary: the last table that whoever was woken looks for. */
export function renderWhatRuns(manifest: ReleaseManifest, url?: string): string {
  const { id, stack, sha, ref, image, workers, sites, outcome } = manifest;
  const rows: [string, string][] = [
    ["infrastructure", `commit ${code(sha.slice(0, 7))} (${code(ref.replace(/^refs\/(heads|tags)\//, ""))})`],
    ...Object.entries(workers).map(([name, { versionId }]): [string, string] => [
      `Worker ${code(name)}`,
      `version ${code(versionId)}`,
    ]),
    ...Object.entries(sites).map(([name, { deploymentId }]): [string, string] => [
      `site ${code(name)}`,
      `deployment ${code(deploymentId)}`,
    ]),
    ["app", `image ${code(image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@sha256:$1…"))}`],
  ];
  return [
    `### What runs on ${code(stack)} now`,
    "",
    `Release ${code(id)}${url ? ` at ${link(url.replace(/^https?:\/\//, ""), url)}` : ""}${outcome === "failed" ? ", and **it does not answer right**" : ""}.`,
    "",
    "| part | what runs |",
    "|---|---|",
    ...rows.map(([part, what]) => `| ${part} | ${what} |`),
    "",
  ].join("\n");
}
