import type { Context, Hono } from "hono";
import { z } from "zod";
import {
  type EnvironmentDocument,
  type Environments,
  Name,
  newest,
  readJson,
  requireRevision,
  showRevision,
} from "./environment.ts";
import { PulumiError } from "./error.ts";

/** Revisions of an environment, and the tags that name them. */
export function versionRoutes(api: Hono, { all, find, timestamp }: Environments): void {
  api.get("/:org/:project/:name/versions", (c) => {
    const { environment } = find(c);
    const before = Number(c.req.query("before") ?? Number.MAX_SAFE_INTEGER);
    const count = Number(c.req.query("count") ?? 10);
    const listed = environment.revisions
      .filter((revision) => revision.number < before)
      .sort((a, b) => b.number - a.number)
      .slice(0, count);
    return c.json(
      listed.map((revision) => ({
        number: revision.number,
        created: revision.created,
        creatorLogin: revision.login,
        creatorName: revision.login,
        tags: [
          ...(revision === newest(environment) ? ["latest"] : []),
          ...Object.entries(environment.versionTags)
            .filter(([, tag]) => tag.revision === revision.number)
            .map(([name]) => name),
        ],
      })),
    );
  });

  const VERSION_TAGS = "/:org/:project/:name/versions/tags";
  const versionTagView = (name: string, tag: EnvironmentDocument["versionTags"][string]) => ({
    name,
    revision: tag.revision,
    created: tag.created,
    modified: tag.modified,
    editorLogin: tag.login,
    editorName: tag.login,
  });
  const putVersionTag = (context: Context, name: string, revision: number, exists: boolean) => {
    const { key, environment, identity } = find(context, "write");
    if (name === "latest") throw new PulumiError(400, "Bad Request: the tag 'latest' can't be changed");
    const current = environment.versionTags[name];
    if (exists && !current) throw new PulumiError(404, `Not Found: revision tag '${name}' not found`);
    if (!exists && current) throw new PulumiError(409, `Conflict: revision tag '${name}' already exists`);
    requireRevision(environment, String(revision));
    const modified = timestamp();
    const tag = { revision, created: current?.created ?? modified, modified, login: identity.login };
    all.put(key, { ...environment, versionTags: { ...environment.versionTags, [name]: tag } });
    return context.body(null, 204);
  };
  api.get(VERSION_TAGS, (c) => {
    const { environment } = find(c);
    const latest = newest(environment);
    const tags = [
      versionTagView("latest", {
        revision: latest.number,
        created: environment.created,
        modified: latest.created,
        login: latest.login,
      }),
      ...Object.entries(environment.versionTags).map(([name, tag]) => versionTagView(name, tag)),
    ];
    return c.json({ tags, nextToken: "" });
  });
  api.post(VERSION_TAGS, async (c) => {
    const body = await readJson(c, z.object({ name: Name, revision: z.number().int() }));
    return putVersionTag(c, body.name, body.revision, false);
  });
  api.get(`${VERSION_TAGS}/:tag`, (c) => {
    const { environment } = find(c);
    const name = c.req.param("tag");
    const tag = environment.versionTags[name];
    if (tag === undefined) throw new PulumiError(404, `Not Found: revision tag '${name}' not found`);
    return c.json(versionTagView(name, tag));
  });
  api.patch(`${VERSION_TAGS}/:tag`, async (c) => {
    const body = await readJson(c, z.object({ revision: z.number().int() }));
    return putVersionTag(c, c.req.param("tag"), body.revision, true);
  });
  api.delete(`${VERSION_TAGS}/:tag`, (c) => {
    const { key, environment } = find(c, "write");
    const { [c.req.param("tag")]: gone, ...kept } = environment.versionTags;
    if (gone === undefined) throw new PulumiError(404, "Not Found: revision tag not found");
    all.put(key, { ...environment, versionTags: kept });
    return c.body(null, 204);
  });

  // After the routes of the tags: `tags` is no version.
  api.get("/:org/:project/:name/versions/:version", (c) => {
    const { environment } = find(c);
    return showRevision(c, environment, c.req.param("version"));
  });
}
