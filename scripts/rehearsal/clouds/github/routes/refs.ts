import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import { FULL_SHA, type GitRef } from "../git.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import { apiOf, gitCommitJson, nodeId, personOf } from "../render.ts";
import { body, page, repoOf } from "../request.ts";

const CreateRef = z.object({ ref: z.string(), sha: z.string() });
const UpdateRef = z.object({ sha: z.string(), force: z.boolean().default(false) });
const CreateTag = z.object({
  tag: z.string(),
  message: z.string(),
  object: z.string(),
  type: z.enum(["commit", "tree", "blob"]),
  tagger: z.object({ name: z.string(), email: z.string(), date: z.string().optional() }).optional(),
});

/** References and tag objects. https://docs.github.com/rest/git/refs, https://docs.github.com/rest/git/tags */
export function refRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/git";

  api.get(`${base}/ref/:ref{.+}`, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const found = await repo.git.ref(`refs/${c.req.param("ref")}`);
    if (!found) throw notFound();
    return c.json(refJson(hub, repo, found));
  });
  api.get(`${base}/matching-refs/:ref{.*}`, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const prefix = `refs/${c.req.param("ref")}`;
    const refs = (await repo.git.refs("refs/")).filter(
      (found) => found.ref.startsWith(prefix) && !found.ref.startsWith("refs/pull/"),
    );
    return c.json(page(c, refs).map((found) => refJson(hub, repo, found)));
  });

  api.post(`${base}/refs`, allow("write", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const { ref, sha } = await body(c, CreateRef);
    if (!/^refs\/[^/]+\/.+/.test(ref)) throw new ApiError(422, "Reference name is not valid");
    if (!(await hasObject(repo, sha))) throw new ApiError(422, "Object does not exist");
    if (!(await repo.git.createRef(ref, sha))) throw new ApiError(422, "Reference already exists");
    const made = await repo.git.ref(ref);
    if (!made) throw notFound();
    return c.json(refJson(hub, repo, made), 201);
  });

  api.patch(`${base}/refs/:ref{.+}`, allow("write", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const name = `refs/${c.req.param("ref")}`;
    const { sha, force } = await body(c, UpdateRef);
    const current = await repo.git.ref(name);
    if (!current) throw new ApiError(422, "Reference does not exist");
    if (!(await hasObject(repo, sha))) throw new ApiError(422, "Object does not exist");
    if (!force && !(await repo.git.isAncestor(current.sha, sha)))
      throw new ApiError(422, "Update is not a fast forward");
    if (!(await repo.git.updateRef(name, sha, current.sha)))
      throw new ApiError(409, "Reference cannot be updated");
    return c.json(refJson(hub, repo, { ...current, sha, commit: sha }));
  });

  api.delete(`${base}/refs/:ref{.+}`, allow("write", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const name = `refs/${c.req.param("ref")}`;
    if (!(await repo.git.ref(name))) throw new ApiError(422, "Reference does not exist");
    await repo.git.deleteRef(name);
    return c.body(null, 204);
  });

  api.post(`${base}/tags`, allow("write", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, CreateTag);
    if (!(await hasObject(repo, asked.object)))
      throw validationFailed({ resource: "Tag", code: "invalid", field: "object" });
    const self = personOf(hub, c.get("identity").user.login);
    const tagger = { ...self, ...asked.tagger, date: asked.tagger?.date ?? self.date };
    const sha = await repo.git.makeTag(asked.object, asked.type, asked.tag, asked.message, tagger);
    return c.json(await tagJson(hub, repo, sha), 201);
  });
  api.get(`${base}/tags/:sha`, allow("read", "contents"), async (c) =>
    c.json(await tagJson(hub, repoOf(hub, c), c.req.param("sha"))),
  );

  api.get(`${base}/commits/:sha`, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const commit = await repo.git.commit(c.req.param("sha"));
    if (!commit) throw notFound();
    return c.json(gitCommitJson(hub, repo, commit));
  });
}

async function hasObject(repo: Repo, sha: string): Promise<boolean> {
  if (!FULL_SHA.test(sha)) return false;
  return repo.git.run(["cat-file", "-e", sha]).then(
    () => true,
    () => false,
  );
}

function refJson(hub: Hub, repo: Repo, ref: GitRef): Record<string, unknown> {
  const git = `${apiOf(hub, repo)}/git`;
  return {
    ref: ref.ref,
    node_id: nodeId("REF", ref.ref),
    url: `${git}/${ref.ref}`,
    object: { sha: ref.sha, type: ref.type, url: `${git}/${ref.type}s/${ref.sha}` },
  };
}

async function tagJson(hub: Hub, repo: Repo, sha: string): Promise<Record<string, unknown>> {
  const text = await repo.git.object(sha, "tag");
  const parts = /^object (\w+)\ntype (\w+)\ntag (.+)\ntagger (.+) <(.*)> (\d+) [+-]\d{4}\n\n([\s\S]*)$/.exec(
    text ?? "",
  );
  if (!parts) throw notFound();
  const [, object, type, tag, name, email, seconds, message] = parts;
  const git = `${apiOf(hub, repo)}/git`;
  return {
    node_id: nodeId("TA", sha),
    sha,
    url: `${git}/tags/${sha}`,
    tag,
    message: message?.trimEnd(),
    tagger: { name, email, date: new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z") },
    object: { sha: object, type, url: `${git}/${type}s/${object}` },
    verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
  };
}
