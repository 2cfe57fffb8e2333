import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import type { Github } from "./client.ts";
import { createOnce } from "./once.ts";
import { GithubRefusal } from "./refusal.ts";

export interface NewRelease {
  /** Made on `sha` if it is not there yet. */
  tag: string;
  sha: string;
  name: string;
  /** Markdown. */
  body: string;
  prerelease?: boolean;
  asset?: ReleaseAsset;
}

export interface ReleaseAsset {
  name: string;
  contentType: string;
  data: Uint8Array;
}

export interface Release {
  id: number;
  tag: string;
  url: string;
}

const Asset = z.object({ id: z.number(), name: z.string(), digest: z.string().nullish() });
const GithubRelease = z.object({
  id: z.number(),
  tag_name: z.string(),
  html_url: z.string(),
  upload_url: z.string(),
  assets: z.array(Asset),
});
type GithubRelease = z.infer<typeof GithubRelease>;

/**
 * Publishes the release of a tag, with one file. A release of that tag that is there already is brought to the same
 * content: a run that died half-way can simply run again.
 */
export async function publishRelease(github: Github, release: NewRelease): Promise<Release> {
  const existing = await findRelease(github, release.tag);
  const text = { name: release.name, body: release.body, prerelease: release.prerelease ?? false };
  const published = existing
    ? await edit(github, existing.id, text)
    : await createOnce(
        github,
        async () => {
          const { data } = await github.request("POST /repos/{owner}/{repo}/releases", {
            ...github.at,
            tag_name: release.tag,
            target_commitish: release.sha,
            ...text,
          });
          return GithubRelease.parse(data);
        },
        () => findRelease(github, release.tag),
      );
  if (release.asset) await attach(github, published, release.asset);
  return { id: published.id, tag: published.tag_name, url: published.html_url };
}

/** The bytes of a file of a tag's release; undefined if either is not there. */
export async function readReleaseAsset(
  github: Github,
  tag: string,
  name: string,
): Promise<Uint8Array | undefined> {
  const asset = (await findRelease(github, tag))?.assets.find((each) => each.name === name);
  if (!asset) return undefined;
  const { data } = await github.request("GET /repos/{owner}/{repo}/releases/assets/{asset_id}", {
    ...github.at,
    asset_id: asset.id,
    headers: { accept: "application/octet-stream" },
    // Octokit would turn a JSON file into an object, whose bytes are then lost.
    request: { parseSuccessResponseBody: false },
  });
  return buffer(z.instanceof(ReadableStream).parse(data));
}

async function findRelease(github: Github, tag: string): Promise<GithubRelease | undefined> {
  try {
    const { data } = await github.request("GET /repos/{owner}/{repo}/releases/tags/{tag}", {
      ...github.at,
      tag,
    });
    return GithubRelease.parse(data);
  } catch (error) {
    if (error instanceof GithubRefusal && error.kind === "not-found") return undefined;
    throw error;
  }
}

async function edit(
  github: Github,
  id: number,
  text: { name: string; body: string; prerelease: boolean },
): Promise<GithubRelease> {
  const { data } = await github.request("PATCH /repos/{owner}/{repo}/releases/{release_id}", {
    ...github.at,
    release_id: id,
    ...text,
  });
  return GithubRelease.parse(data);
}

async function attach(github: Github, release: GithubRelease, asset: ReleaseAsset): Promise<void> {
  const digest = `sha256:${createHash("sha256").update(asset.data).digest("hex")}`;
  const old = release.assets.find((each) => each.name === asset.name);
  if (old?.digest === digest) return;
  if (old)
    await github.request("DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}", {
      ...github.at,
      asset_id: old.id,
    });
  const upload = async (): Promise<z.infer<typeof Asset>> => {
    const { data } = await github.request({
      method: "POST",
      url: release.upload_url,
      name: asset.name,
      headers: { "content-type": asset.contentType },
      data: asset.data,
    });
    return Asset.parse(data);
  };
  await createOnce(github, upload, async () =>
    (await findRelease(github, release.tag_name))?.assets.find((each) => each.digest === digest),
  );
}
