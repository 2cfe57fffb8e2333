import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { Asset, Release } from "../model.ts";
import { apiOf, nodeId, userJson, webOf } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";
import { forget, keep, signedUrl } from "../storage.ts";

const Create = z.object({
  tag_name: z.string(),
  target_commitish: z.string().optional(),
  name: z.string().nullish(),
  body: z.string().nullish(),
  draft: z.boolean().default(false),
  prerelease: z.boolean().default(false),
});
const Update = Create.partial();

/** https://docs.github.com/rest/releases/releases and …/assets */
export function releaseRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/releases";
  assetRoutes(api, hub);

  api.get(base, allow("read", "contents"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(page(c, repo.releases.list().reverse()).map((release) => releaseJson(hub, repo, release)));
  });
  api.get(`${base}/latest`, allow("read", "contents"), (c) => {
    const repo = repoOf(hub, c);
    const latest = repo.releases.list().findLast((release) => !release.draft && !release.prerelease);
    if (!latest) throw notFound();
    return c.json(releaseJson(hub, repo, latest));
  });
  api.get(`${base}/tags/:tag{.+}`, allow("read", "contents"), (c) => {
    const repo = repoOf(hub, c);
    const release = repo.releases.list().find(({ tag, draft }) => tag === c.req.param("tag") && !draft);
    if (!release) throw notFound();
    return c.json(releaseJson(hub, repo, release));
  });
  api.get(`${base}/:id`, allow("read", "contents"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(releaseJson(hub, repo, releaseOf(repo, c)));
  });

  api.post(base, allow("write", "contents"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Create);
    const target = asked.target_commitish ?? repo.defaultBranch;
    if (!asked.draft) await publish(repo, asked.tag_name, target);
    const id = hub.store.next("release", 200_000_001);
    const release = repo.releases.put(id, {
      id,
      tag: asked.tag_name,
      target,
      name: asked.name ?? null,
      body: asked.body ?? null,
      draft: asked.draft,
      prerelease: asked.prerelease,
      user: c.get("identity").user.login,
      createdAt: hub.instant(),
      publishedAt: asked.draft ? null : hub.instant(),
    });
    return c.json(releaseJson(hub, repo, release), 201);
  });

  api.patch(`${base}/:id`, allow("write", "contents"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const release = releaseOf(repo, c);
    const asked = await body(c, Update);
    const edited = {
      ...release,
      tag: asked.tag_name ?? release.tag,
      target: asked.target_commitish ?? release.target,
      name: asked.name === undefined ? release.name : asked.name,
      body: asked.body === undefined ? release.body : asked.body,
      draft: asked.draft ?? release.draft,
      prerelease: asked.prerelease ?? release.prerelease,
    };
    if (release.draft && !edited.draft) {
      await publish(repo, edited.tag, edited.target);
      edited.publishedAt = hub.instant();
    }
    return c.json(releaseJson(hub, repo, repo.releases.put(release.id, edited)));
  });

  api.delete(`${base}/:id`, allow("write", "contents"), (c) => {
    const repo = repoOf(hub, c);
    repo.releases.delete(releaseOf(repo, c).id);
    return c.body(null, 204);
  });
}

function releaseOf(repo: Repo, c: RequestContext): Release {
  const release = repo.releases.get(numberParam(c, "id"));
  if (!release) throw notFound();
  return release;
}

/** A published release has a tag of its own; it is made where it is missing. */
async function publish(repo: Repo, tag: string, target: string): Promise<void> {
  if (repo.releases.list().some((release) => release.tag === tag && !release.draft))
    throw validationFailed({ resource: "Release", code: "already_exists", field: "tag_name" });
  if (await repo.git.ref(`refs/tags/${tag}`)) return;
  const sha = await repo.git.resolve(target);
  if (!sha) throw validationFailed({ resource: "Release", code: "invalid", field: "target_commitish" });
  await repo.git.createRef(`refs/tags/${tag}`, sha);
}

function releaseJson(hub: Hub, repo: Repo, release: Release): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/releases/${release.id}`;
  const assets = repo.assets.list().filter((asset) => asset.release === release.id);
  return {
    url,
    assets_url: `${url}/assets`,
    // GitHub has another host for uploads; a path of its own keeps a client from guessing it.
    upload_url: `${hub.url()}/uploads/repos/${repo.fullName}/releases/${release.id}/assets{?name,label}`,
    html_url: `${webOf(repo)}/releases/tag/${release.tag}`,
    id: release.id,
    node_id: nodeId("RE", release.id),
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    immutable: false,
    created_at: release.createdAt,
    published_at: release.publishedAt,
    author: userJson(hub, release.user),
    assets: assets.map((asset) => assetJson(hub, repo, asset)),
    tarball_url: `${apiOf(hub, repo)}/tarball/${release.tag}`,
    zipball_url: `${apiOf(hub, repo)}/zipball/${release.tag}`,
  };
}

function assetRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/releases";

  for (const prefix of ["", "/uploads"])
    api.post(`${prefix}${base}/:id/assets`, allow("write", "contents"), async (c: RequestContext) => {
      const repo = repoOf(hub, c);
      const release = releaseOf(repo, c);
      const name = c.req.query("name");
      if (!name) throw new ApiError(400, "name is missing");
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      const twin = repo.assets.list().some((asset) => asset.release === release.id && asset.name === name);
      if (twin) throw validationFailed({ resource: "ReleaseAsset", code: "already_exists", field: "name" });
      const id = hub.store.next("asset", 300_000_001);
      const sha256 = await keep(hub, "asset", id, bytes);
      const asset = repo.assets.put(id, {
        id,
        release: release.id,
        name,
        label: c.req.query("label") ?? null,
        contentType: c.req.header("content-type") ?? "application/octet-stream",
        size: bytes.length,
        sha256,
        user: c.get("identity").user.login,
        createdAt: hub.instant(),
      });
      return c.json(assetJson(hub, repo, asset), 201);
    });

  api.get(`${base}/assets/:asset`, allow("read", "contents"), (c) => {
    const repo = repoOf(hub, c);
    const asset = assetOf(repo, c);
    if (/octet-stream/.test(c.req.header("accept") ?? ""))
      return c.redirect(signedUrl(hub, "asset", asset.id, asset.contentType), 302);
    return c.json(assetJson(hub, repo, asset));
  });
  api.delete(`${base}/assets/:asset`, allow("write", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const { id } = assetOf(repo, c);
    repo.assets.delete(id);
    await forget(hub, "asset", id);
    return c.body(null, 204);
  });
  api.get(`${base}/:id/assets`, allow("read", "contents"), (c) => {
    const repo = repoOf(hub, c);
    const { id } = releaseOf(repo, c);
    const assets = repo.assets.list().filter((asset) => asset.release === id);
    return c.json(page(c, assets).map((asset) => assetJson(hub, repo, asset)));
  });
}

function assetOf(repo: Repo, c: RequestContext): Asset {
  const asset = repo.assets.get(numberParam(c, "asset"));
  if (!asset) throw notFound();
  return asset;
}

function assetJson(hub: Hub, repo: Repo, asset: Asset): Record<string, unknown> {
  const tag = repo.releases.get(asset.release)?.tag ?? "untagged";
  return {
    url: `${apiOf(hub, repo)}/releases/assets/${asset.id}`,
    id: asset.id,
    node_id: nodeId("RA", asset.id),
    name: asset.name,
    label: asset.label,
    uploader: userJson(hub, asset.user),
    content_type: asset.contentType,
    state: "uploaded",
    size: asset.size,
    digest: `sha256:${asset.sha256}`,
    download_count: 0,
    created_at: asset.createdAt,
    updated_at: asset.createdAt,
    browser_download_url: `${webOf(repo)}/releases/download/${tag}/${asset.name}`,
  };
}
