import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import { z } from "zod";
import { type Identity, mayOpen } from "./access.ts";
import { decryptSecrets, encryptSecrets, parseDefinition } from "./definition.ts";
import {
  assertOrganization,
  assertWrites,
  type EscContext,
  etagOf,
  Name,
  newest,
  openEnvironments,
  readJson,
  revisionHeaders,
  showRevision,
} from "./environment.ts";
import { PulumiError } from "./error.ts";
import { expressionsOf } from "./expressions.ts";
import { sessionRoutes } from "./session-routes.ts";
import { tagRoutes } from "./tag-routes.ts";
import { versionRoutes } from "./version-routes.ts";

const PAGE = 50;

/** Pulumi ESC's API (https://www.pulumi.com/docs/reference/cloud-rest-api/environments/) under `/api/esc/environments`. */
export function environmentRoutes(api: Hono, esc: EscContext): void {
  const environments = openEnvironments(esc);
  const { all, find, run, timestamp } = environments;

  api.get("/:org?", (c) => {
    const identity = esc.identityOf(c);
    const org = c.req.param("org");
    if (org !== undefined) assertOrganization(esc, org);
    const start = Number(c.req.query("continuationToken") ?? "0");
    if (!Number.isInteger(start) || start < 0)
      throw new PulumiError(400, "Bad Request: invalid continuation token");
    const visible = all.list().filter((each) => mayOpen(identity, `${each.project}/${each.name}`));
    const next = start + PAGE;
    return c.json({
      environments: visible.slice(start, next).map((each) => ({
        organization: esc.organization,
        project: each.project,
        name: each.name,
        created: each.created,
        modified: each.modified,
        tags: Object.fromEntries(Object.entries(each.tags).map(([name, { value }]) => [name, value])),
      })),
      nextToken: next < visible.length ? String(next) : "",
    });
  });

  api.post("/:org", async (c) => {
    const identity = esc.identityOf(c);
    assertOrganization(esc, c.req.param("org"));
    assertWrites(identity);
    const body = await readJson(c, z.object({ project: Name, name: Name }));
    create(`${body.project}/${body.name}`, body, "", identity);
    return c.body(null, 200);
  });

  const create = (key: string, at: { project: string; name: string }, text: string, identity: Identity) => {
    if (all.get(key)) throw new PulumiError(409, `Conflict: Environment '${key}' already exists`);
    const created = timestamp();
    all.put(key, {
      id: randomUUID(),
      project: at.project,
      name: at.name,
      created,
      modified: created,
      revisions: [{ number: 1, text, created, login: identity.login }],
      versionTags: {},
      tags: {},
    });
  };

  api.post("/:org/yaml/check", async (c) => {
    const identity = esc.identityOf(c);
    assertOrganization(esc, c.req.param("org"));
    const text = await c.req.text();
    const { properties, diagnostics } = run("<yaml>", text, identity);
    const exprs = expressionsOf("<yaml>", parseDefinition("<yaml>", text));
    const body = { exprs, properties, diagnostics };
    return c.json(body, diagnostics.length > 0 ? 400 : 200);
  });

  api.get("/:org/:project/:name", (c) => {
    const { environment } = find(c);
    return showRevision(c, environment, undefined);
  });

  api.get("/:org/:project/:name/metadata", (c) => {
    const { environment } = find(c);
    return c.json({ id: environment.id, ownedBy: { type: "user" }, gatedActions: [] });
  });

  api.get("/:org/:project/:name/decrypt", (c) => {
    const { key, environment } = find(c, "write");
    const text = decryptSecrets(parseDefinition(key, newest(environment).text), esc.vault);
    return c.body(text, 200, { "content-type": "application/x-yaml" });
  });

  api.patch("/:org/:project/:name", async (c) => {
    const { key, environment, identity } = find(c, "write");
    const condition = c.req.header("if-match");
    if (condition !== undefined && condition !== etagOf(environment))
      throw new PulumiError(409, "Conflict: the environment has been modified, fetch it again");
    const definition = parseDefinition(key, await c.req.text());
    if (definition.diagnostics.length > 0)
      throw new PulumiError(400, "Bad Request: invalid environment definition", definition.diagnostics);
    const text = encryptSecrets(definition, esc.vault);
    const { diagnostics } = run(key, text, identity);
    if (diagnostics.length > 0)
      throw new PulumiError(400, "Bad Request: invalid environment definition", diagnostics);
    const modified = timestamp();
    const updated = all.put(key, {
      ...environment,
      modified,
      revisions: [
        ...environment.revisions,
        { number: newest(environment).number + 1, text, created: modified, login: identity.login },
      ],
    });
    return c.json({}, 200, revisionHeaders(updated));
  });

  api.delete("/:org/:project/:name", (c) => {
    all.delete(find(c, "write").key);
    return c.body(null, 200);
  });

  api.post("/:org/:project/:name/clone", async (c) => {
    const { environment, identity } = find(c, "write");
    const body = await readJson(
      c,
      z.object({ project: Name, name: Name, preserveEnvironmentTags: z.boolean().optional() }),
    );
    const key = `${body.project}/${body.name}`;
    create(key, body, newest(environment).text, identity);
    const clone = all.get(key);
    if (clone && body.preserveEnvironmentTags) all.put(key, { ...clone, tags: environment.tags });
    return c.body(null, 204);
  });

  sessionRoutes(api, esc, environments);
  versionRoutes(api, environments);
  tagRoutes(api, environments);
}
