import { z } from "zod";
import { allow, may } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import { type Api, ensureRepo, findRepo, gitDirOf, type Hub } from "../hub.ts";
import { apiOf, commitJson, nodeId, personOf, repoJson, userJson, webOf } from "../render.ts";
import { body, page, type RequestContext, repoOf } from "../request.ts";

/** Repositories, their branches and tags, collaborators, users. https://docs.github.com/rest/repos/repos */
export function repoRoutes(api: Api, hub: Hub): void {
  api.get("/user", (c) => {
    const { user, token } = c.get("identity");
    // An app's token stands for no user, and this call says so (https://docs.github.com/rest/users/users).
    if (token.kind === "integration") throw new ApiError(403, "Resource not accessible by integration");
    return c.json(userJson(hub, user.login));
  });
  api.get("/users/:login", (c) => {
    const login = c.req.param("login");
    if (!hub.users.get(login)) throw notFound();
    return c.json({ ...userJson(hub, login), name: login, public_repos: 0, followers: 0, following: 0 });
  });

  api.get("/repos/:owner/:repo", allow("read", "metadata"), (c) => {
    const repo = repoOf(hub, c);
    const identity = c.get("identity");
    const parent = repo.parent?.split("/") ?? [];
    const source = findRepo(hub, parent[0] ?? "", parent[1] ?? "");
    return c.json({
      ...repoJson(hub, repo),
      ...(source && { parent: repoJson(hub, source), source: repoJson(hub, source) }),
      permissions: {
        admin: may(identity, "administration", "write"),
        push: may(identity, "contents", "write"),
        pull: may(identity, "contents", "read"),
      },
    });
  });

  api.post("/repos/:owner/:repo/forks", allow("read", "contents"), async (c) => {
    const source = repoOf(hub, c);
    const { user } = c.get("identity");
    if (user.login === source.owner)
      throw new ApiError(403, "A repository can't be forked into its own account");
    const fork = await ensureRepo(hub, {
      owner: user.login,
      name: source.name,
      private: source.private,
      defaultBranch: source.defaultBranch,
      parent: source.fullName,
    });
    await fork.git.fetch(gitDirOf(hub.world, source.owner, source.name), "+refs/heads/*:refs/heads/*");
    return c.json(repoJson(hub, fork), 202);
  });

  branchRoutes(api, hub);

  api.get("/repos/:owner/:repo/tags", allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const tags = await repo.git.refs("refs/tags/", "-version:refname");
    return c.json(
      page(c, tags).map((tag) => {
        const name = tag.ref.slice("refs/tags/".length);
        return {
          name,
          commit: { sha: tag.commit, url: `${apiOf(hub, repo)}/commits/${tag.commit}` },
          zipball_url: `${apiOf(hub, repo)}/zipball/${tag.ref}`,
          tarball_url: `${apiOf(hub, repo)}/tarball/${tag.ref}`,
          node_id: nodeId("REF", tag.ref),
        };
      }),
    );
  });

  api.get("/repos/:owner/:repo/collaborators", allow("read", "metadata"), (c) => {
    repoOf(hub, c);
    const people = hub.users.list().filter((user) => user.type === "User" && user.role !== "none");
    return c.json(page(c, people).map((user) => ({ ...userJson(hub, user.login), role_name: user.role })));
  });
  api.get("/repos/:owner/:repo/collaborators/:login/permission", allow("read", "metadata"), (c) => {
    repoOf(hub, c);
    const user = hub.users.get(c.req.param("login"));
    if (!user) throw notFound();
    // `permission` knows four levels only: maintain shows as write and triage as read.
    const permission = user.role === "maintain" ? "write" : user.role === "triage" ? "read" : user.role;
    return c.json({ permission, role_name: user.role, user: userJson(hub, user.login) });
  });
}

function branchRoutes(api: Api, hub: Hub): void {
  api.get("/repos/:owner/:repo/branches", allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const branches = await repo.git.refs("refs/heads/");
    return c.json(
      page(c, branches).map((branch) => ({
        name: branch.ref.slice("refs/heads/".length),
        commit: { sha: branch.sha, url: `${apiOf(hub, repo)}/commits/${branch.sha}` },
        protected: false,
      })),
    );
  });

  api.get("/repos/:owner/:repo/branches/:branch{.+}", allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const name = c.req.param("branch");
    const found = await repo.git.ref(`refs/heads/${name}`);
    const commit = found && (await repo.git.commit(found.sha));
    if (!commit) throw new ApiError(404, "Branch not found");
    const url = `${apiOf(hub, repo)}/branches/${encodeURIComponent(name)}`;
    return c.json({
      name,
      commit: commitJson(hub, repo, commit),
      _links: { self: url, html: `${webOf(repo)}/tree/${name}` },
      protected: false,
      protection: {
        enabled: false,
        required_status_checks: { enforcement_level: "off", contexts: [], checks: [] },
      },
      protection_url: `${url}/protection`,
    });
  });

  const Merge = z.object({ base: z.string(), head: z.string(), commit_message: z.string().optional() });
  api.post("/repos/:owner/:repo/merges", allow("write", "contents"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Merge);
    const base = (await repo.git.ref(`refs/heads/${asked.base}`))?.sha;
    const head = await repo.git.resolve(asked.head);
    if (!base) throw new ApiError(404, "Base does not exist");
    if (!head) throw new ApiError(404, "Head does not exist");
    if (await repo.git.isAncestor(head, base)) return c.body(null, 204);
    const tree = await repo.git.mergeTree(base, head);
    if (!tree) throw new ApiError(409, "Merge conflict");
    const message = asked.commit_message ?? `Merge ${asked.head} into ${asked.base}`;
    const author = personOf(hub, c.get("identity").user.login);
    const sha = await repo.git.commitTree(tree, [base, head], message, author);
    if (!(await repo.git.updateRef(`refs/heads/${asked.base}`, sha, base)))
      throw validationFailed({ resource: "Merge", code: "invalid", field: "base" });
    const commit = await repo.git.commit(sha);
    if (!commit) throw notFound();
    return c.json(commitJson(hub, repo, commit), 201);
  });
}
