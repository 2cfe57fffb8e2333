import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import { apiOf, gitCommitJson, personOf, webOf } from "../render.ts";
import { body, type RequestContext, repoOf } from "../request.ts";

const Person = z.object({ name: z.string(), email: z.string(), date: z.string().optional() });
const Write = z.object({
  message: z.string(),
  content: z.string(),
  sha: z.string().optional(),
  branch: z.string().optional(),
  author: Person.optional(),
});
const Remove = Write.omit({ content: true }).extend({ sha: z.string() });

/** Files of a commit, and commits of one file. https://docs.github.com/rest/repos/contents */
export function contentRoutes(api: Api, hub: Hub): void {
  const path = "/repos/:owner/:repo/contents/:path{.*}";

  api.get(path, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const ref = c.req.query("ref") ?? repo.defaultBranch;
    const commit = await repo.git.resolve(ref);
    if (!commit) throw new ApiError(404, `No commit found for the ref ${ref}`);
    const wanted = c.req.param("path").replace(/\/$/, "");
    const entry = wanted === "" ? undefined : (await repo.git.list(commit, wanted))[0];
    if (wanted !== "" && !entry) throw notFound();
    if (!entry || entry.type === "tree") {
      const entries = await repo.git.list(commit, wanted === "" ? "" : `${wanted}/`);
      return c.json(entries.map((found) => entryJson(hub, repo, ref, found)));
    }
    const bytes = await repo.git.blob(entry.sha);
    if (/raw/.test(c.req.header("accept") ?? ""))
      return c.body(new Uint8Array(bytes), 200, {
        "content-type": "application/vnd.github.raw+json; charset=utf-8",
      });
    const content = bytes.toString("base64").replace(/.{60}/g, "$&\n");
    return c.json({
      ...entryJson(hub, repo, ref, entry),
      encoding: "base64",
      content: content.endsWith("\n") ? content : `${content}\n`,
    });
  });

  api.put(path, allow("write", "contents"), async (c: RequestContext) => {
    const asked = await body(c, Write);
    return change(hub, c, asked, Buffer.from(asked.content, "base64"));
  });
  api.delete(path, allow("write", "contents"), async (c: RequestContext) =>
    change(hub, c, await body(c, Remove), undefined),
  );
}

async function change(
  hub: Hub,
  c: RequestContext,
  asked: Omit<z.infer<typeof Write>, "content">,
  content: Buffer | undefined,
): Promise<Response> {
  const repo = repoOf(hub, c);
  const path = c.req.param("path") ?? "";
  const branch = asked.branch ?? repo.defaultBranch;
  const tip = (await repo.git.ref(`refs/heads/${branch}`))?.sha;
  if (!tip && asked.branch) throw new ApiError(404, `Branch ${branch} not found`);
  const existing = tip ? (await repo.git.list(tip, path))[0] : undefined;
  if (!content && !existing) throw notFound();
  if (existing && asked.sha === undefined)
    throw new ApiError(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  if (existing && asked.sha !== existing.sha) throw new ApiError(409, `${path} does not match ${asked.sha}`);
  const tree = await repo.git.writeFile(tip, path, content);
  const self = personOf(hub, c.get("identity").user.login);
  const author = { ...self, ...asked.author, date: asked.author?.date ?? self.date };
  const sha = await repo.git.commitTree(tree, tip ? [tip] : [], asked.message, author);
  if (!(await repo.git.updateRef(`refs/heads/${branch}`, sha, tip ?? "0".repeat(40))))
    throw new ApiError(409, `is at another commit but expected ${tip}`);
  const commit = await repo.git.commit(sha);
  const [entry] = content ? await repo.git.list(sha, path) : [];
  if (!commit) throw notFound();
  return c.json(
    { content: entry ? entryJson(hub, repo, branch, entry) : null, commit: gitCommitJson(hub, repo, commit) },
    content && !existing ? 201 : 200,
  );
}

function entryJson(
  hub: Hub,
  repo: Repo,
  ref: string,
  entry: { type: string; sha: string; size: number; path: string },
): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/contents/${entry.path}?ref=${ref}`;
  const kind = entry.type === "tree" ? "dir" : entry.type === "commit" ? "submodule" : "file";
  const git = `${apiOf(hub, repo)}/git/${kind === "dir" ? "trees" : "blobs"}/${entry.sha}`;
  const html = `${webOf(repo)}/${kind === "dir" ? "tree" : "blob"}/${ref}/${entry.path}`;
  return {
    type: kind,
    size: entry.size,
    name: entry.path.split("/").at(-1),
    path: entry.path,
    sha: entry.sha,
    url,
    git_url: git,
    html_url: html,
    download_url:
      kind === "file" ? `https://raw.githubusercontent.com/${repo.fullName}/${ref}/${entry.path}` : null,
    _links: { self: url, git, html },
  };
}
