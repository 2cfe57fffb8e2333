import type { Hono } from "hono";
import { z } from "zod";
import { type EnvironmentDocument, type Environments, Name, readJson } from "./environment.ts";
import { PulumiError } from "./error.ts";

/** Tags of a whole environment: names with values. */
export function tagRoutes(api: Hono, { all, find, timestamp }: Environments): void {
  const TAGS = "/:org/:project/:name/tags";
  const tagView = (name: string, tag: EnvironmentDocument["tags"][string]) => ({
    id: name,
    name,
    value: tag.value,
    created: tag.created,
    modified: tag.modified,
    editorLogin: tag.login,
    editorName: tag.login,
  });
  api.get(TAGS, (c) => {
    const { environment } = find(c);
    const tags = Object.fromEntries(
      Object.entries(environment.tags).map(([name, tag]) => [name, tagView(name, tag)]),
    );
    return c.json({ tags, nextToken: "" });
  });
  api.post(TAGS, async (c) => {
    const { key, environment, identity } = find(c, "write");
    const body = await readJson(c, z.object({ name: Name, value: z.string() }));
    if (environment.tags[body.name])
      throw new PulumiError(409, `Conflict: tag '${body.name}' already exists`);
    const now = timestamp();
    const tag = { value: body.value, created: now, modified: now, login: identity.login };
    all.put(key, { ...environment, tags: { ...environment.tags, [body.name]: tag } });
    return c.json(tagView(body.name, tag));
  });
  api.get(`${TAGS}/:tag`, (c) => {
    const { environment } = find(c);
    const tag = environment.tags[c.req.param("tag")];
    if (tag === undefined) throw new PulumiError(404, "Not Found: tag not found");
    return c.json(tagView(c.req.param("tag"), tag));
  });
  api.patch(`${TAGS}/:tag`, async (c) => {
    const { key, environment, identity } = find(c, "write");
    const body = await readJson(
      c,
      z.object({
        currentTag: z.object({ value: z.string() }),
        newTag: z.object({ name: Name.optional(), value: z.string().optional() }),
      }),
    );
    const { [c.req.param("tag")]: current, ...others } = environment.tags;
    if (current === undefined) throw new PulumiError(404, "Not Found: tag not found");
    if (current.value !== body.currentTag.value)
      throw new PulumiError(409, "Conflict: the tag has been modified");
    const name = body.newTag.name ?? c.req.param("tag");
    const tag = {
      ...current,
      value: body.newTag.value ?? current.value,
      modified: timestamp(),
      login: identity.login,
    };
    all.put(key, { ...environment, tags: { ...others, [name]: tag } });
    return c.json(tagView(name, tag));
  });
  api.delete(`${TAGS}/:tag`, (c) => {
    const { key, environment } = find(c, "write");
    const { [c.req.param("tag")]: gone, ...kept } = environment.tags;
    if (gone === undefined) throw new PulumiError(404, "Not Found: tag not found");
    all.put(key, { ...environment, tags: kept });
    return c.body(null, 204);
  });
}
