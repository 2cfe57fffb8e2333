import { randomBytes } from "node:crypto";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { Store } from "../base/store.ts";
import type { Vault } from "../base/vault.ts";
import { type Identity, mayOpen } from "./access.ts";
import { decryptSecrets, encryptSecrets, parseDefinition } from "./definition.ts";
import { PulumiError } from "./error.ts";
import { child, type Evaluated, evaluate, type Property } from "./evaluate.ts";
import { parsePath } from "./interpolation.ts";

/** An environment with all of its revisions, oldest first; secrets in the texts are ciphertexts. */
interface EnvironmentDocument {
  project: string;
  name: string;
  created: string;
  modified: string;
  revisions: { number: number; text: string; created: string; login: string }[];
  /** Revision tags but `latest`, which is always the newest. */
  versionTags: { [name: string]: { revision: number; created: string; modified: string; login: string } };
  tags: { [name: string]: { value: string; created: string; modified: string; login: string } };
}

/** An opened environment: what it evaluated to, encrypted. */
interface Session {
  environment: string;
  expires: number;
  properties: string;
}

export interface EscContext {
  store: Store;
  vault: Vault;
  organization: string;
  now: () => number;
  identityOf: (context: Context) => Identity;
}

const PAGE = 50;
const Name = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,100}$/, "may only hold letters, digits, hyphens, underscores and periods");

/** Pulumi ESC's API (https://www.pulumi.com/docs/reference/cloud-rest-api/environments/) under `/api/esc/environments`. */
export function environmentRoutes(api: Hono, esc: EscContext): void {
  const environments = esc.store.collection<EnvironmentDocument>("environments");
  const sessions = esc.store.collection<Session>("sessions");
  const timestamp = () => new Date(esc.now()).toISOString();

  /** The environment of the path, for an identity that may see it (and change it, for `write`). */
  const find = (context: Context, purpose: "read" | "write" = "read") => {
    const { org, project, name } = context.req.param() as { org: string; project: string; name: string };
    const identity = esc.identityOf(context);
    const key = `${project}/${name}`;
    assertOrganization(esc, org);
    if (!mayOpen(identity, key))
      throw new PulumiError(403, `Forbidden: not authorized to access environment '${org}/${key}'`);
    if (purpose === "write") assertWrites(identity);
    const environment = environments.get(key);
    if (environment === undefined)
      throw new PulumiError(404, `Not Found: Environment '${org}/${key}' not found`);
    return { key, environment, identity };
  };
  const run = (key: string, text: string, identity: Identity): Evaluated =>
    evaluate(key, text, {
      vault: esc.vault,
      organization: esc.organization,
      login: identity.login,
      load(reference) {
        const [other = "", version] = reference.split("@");
        const environment = mayOpen(identity, other) ? environments.get(other) : undefined;
        return environment && revisionOf(environment, version)?.text;
      },
    });

  api.get("/:org?", (c) => {
    const identity = esc.identityOf(c);
    const org = c.req.param("org");
    if (org !== undefined) assertOrganization(esc, org);
    const start = Number(c.req.query("continuationToken") ?? "0");
    if (!Number.isInteger(start) || start < 0)
      throw new PulumiError(400, "Bad Request: invalid continuation token");
    const visible = environments.list().filter((each) => mayOpen(identity, `${each.project}/${each.name}`));
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
    if (environments.get(key)) throw new PulumiError(409, `Conflict: Environment '${key}' already exists`);
    const created = timestamp();
    environments.put(key, {
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
    const evaluated = run("<yaml>", await c.req.text(), identity);
    const body = { properties: evaluated.properties, diagnostics: evaluated.diagnostics };
    return c.json(body, evaluated.diagnostics.length > 0 ? 400 : 200);
  });

  api.get("/:org/:project/:name", (c) => {
    const { environment } = find(c);
    return showRevision(c, environment, undefined);
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
    const updated = environments.put(key, {
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
    environments.delete(find(c, "write").key);
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
    const clone = environments.get(key);
    if (clone && body.preserveEnvironmentTags) environments.put(key, { ...clone, tags: environment.tags });
    return c.body(null, 204);
  });

  const open = (context: Context, version: string | undefined) => {
    const { key, environment, identity } = find(context);
    const revision = requireRevision(environment, version);
    const evaluated = run(key, revision.text, identity);
    if (evaluated.diagnostics.length > 0)
      throw new PulumiError(400, "Bad Request: evaluating the environment failed", evaluated.diagnostics);
    const id = randomBytes(16).toString("hex");
    sessions.put(id, {
      environment: key,
      expires: esc.now() + durationMs(context.req.query("duration") ?? "2h"),
      properties: esc.vault.encrypt(JSON.stringify(evaluated.properties)),
    });
    return context.json({ id });
  };
  api.post("/:org/:project/:name/open", (c) => open(c, undefined));
  api.post("/:org/:project/:name/versions/:version/open", (c) => open(c, c.req.param("version")));

  const read = (context: Context) => {
    const { key } = find(context);
    const session = sessions.get(context.req.param("session") ?? "");
    const plaintext =
      session && session.expires > esc.now() ? esc.vault.decrypt(session.properties) : undefined;
    if (session?.environment !== key || plaintext === undefined)
      throw new PulumiError(404, "Not Found: open environment session not found");
    const properties = JSON.parse(plaintext) as { [key: string]: Property };
    const property = context.req.query("property");
    if (property === undefined)
      return context.json({
        properties,
        executionContext: { properties: {} },
        schema: { type: "object" },
      });
    const path = parsePath(property);
    if (path === undefined) throw new PulumiError(400, `Bad Request: invalid property path '${property}'`);
    let found: Property | undefined = { value: properties, trace: {} };
    for (const step of path) found = found && child(found, step);
    if (found === undefined) throw new PulumiError(404, `Not Found: property '${property}' not found`);
    return context.json(found);
  };
  api.get("/:org/:project/:name/open/:session", read);
  // The official SDK asks for single properties with an empty part in the path.
  api.get("/:org/:project/:name/open//:session", read);

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
    environments.put(key, { ...environment, versionTags: { ...environment.versionTags, [name]: tag } });
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
    environments.put(key, { ...environment, versionTags: kept });
    return c.body(null, 204);
  });

  // After the routes of the tags: `tags` is no version.
  api.get("/:org/:project/:name/versions/:version", (c) => {
    const { environment } = find(c);
    return showRevision(c, environment, c.req.param("version"));
  });

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
    environments.put(key, { ...environment, tags: { ...environment.tags, [body.name]: tag } });
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
    environments.put(key, { ...environment, tags: { ...others, [name]: tag } });
    return c.json(tagView(name, tag));
  });
  api.delete(`${TAGS}/:tag`, (c) => {
    const { key, environment } = find(c, "write");
    const { [c.req.param("tag")]: gone, ...kept } = environment.tags;
    if (gone === undefined) throw new PulumiError(404, "Not Found: tag not found");
    environments.put(key, { ...environment, tags: kept });
    return c.body(null, 204);
  });
}

function assertOrganization(esc: EscContext, organization: string): void {
  if (organization !== esc.organization)
    throw new PulumiError(404, `Not Found: Organization '${organization}' not found`);
}

function assertWrites(identity: Identity): void {
  if (!identity.writes) throw new PulumiError(403, "Forbidden: the token can't change environments");
}

function newest(environment: EnvironmentDocument): EnvironmentDocument["revisions"][number] {
  const last = environment.revisions.at(-1);
  if (last === undefined)
    throw new Error(`Environment ${environment.project}/${environment.name} has no revision`);
  return last;
}

/** A revision by number or tag; the newest one without. */
function revisionOf(environment: EnvironmentDocument, version: string | undefined) {
  if (version === undefined || version === "latest") return newest(environment);
  const number = environment.versionTags[version]?.revision ?? Number(version);
  return environment.revisions.find((revision) => revision.number === number);
}

function requireRevision(environment: EnvironmentDocument, version: string | undefined) {
  const revision = revisionOf(environment, version);
  if (revision === undefined) throw new PulumiError(404, `Not Found: revision '${version}' not found`);
  return revision;
}

function showRevision(
  context: Context,
  environment: EnvironmentDocument,
  version: string | undefined,
): Response {
  const revision = requireRevision(environment, version);
  return context.body(revision.text, 200, {
    "content-type": "application/x-yaml",
    ...revisionHeaders(environment, revision.number),
  });
}

function revisionHeaders(environment: EnvironmentDocument, revision = newest(environment).number) {
  return { etag: etagOf(environment), "pulumi-esc-revision": String(revision) };
}

function etagOf(environment: EnvironmentDocument): string {
  return `"${environment.project}-${environment.name}-${newest(environment).number}"`;
}

/** Go's durations as far as they are used here: `2h`, `30m`, `1h30m`, `10s`. In milliseconds. */
function durationMs(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!match || text === "") throw new PulumiError(400, `Bad Request: invalid duration '${text}'`);
  const [, hours = 0, minutes = 0, seconds = 0] = match;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

async function readJson<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const parsed = schema.safeParse(await context.req.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new PulumiError(400, `Bad Request: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
}
