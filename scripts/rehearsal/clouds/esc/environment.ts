import type { Context } from "hono";
import { z } from "zod";
import type { Collection, Store } from "../base/store.ts";
import type { Vault } from "../base/vault.ts";
import { type Identity, mayOpen } from "./access.ts";
import { PulumiError } from "./error.ts";
import { type Evaluated, evaluate } from "./evaluate.ts";

/** An environment with all of its revisions, oldest first; secrets in the texts are ciphertexts. */
export interface EnvironmentDocument {
  /** A UUID; roles name environments by it. */
  id: string;
  project: string;
  name: string;
  created: string;
  modified: string;
  revisions: { number: number; text: string; created: string; login: string }[];
  /** Revision tags but `latest`, which is always the newest. */
  versionTags: { [name: string]: { revision: number; created: string; modified: string; login: string } };
  tags: { [name: string]: { value: string; created: string; modified: string; login: string } };
}

export interface EscContext {
  store: Store;
  vault: Vault;
  organization: string;
  now: () => number;
  identityOf: (context: Context) => Identity;
}

export const Name = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,100}$/, "may only hold letters, digits, hyphens, underscores and periods");

/** The environments of a world, for the routes that work on them. */
export interface Environments {
  all: Collection<EnvironmentDocument>;
  timestamp(): string;
  /** The environment of the path, for an identity that may see it (and change it, for `write`). @throws PulumiError 403, 404 */
  find(
    context: Context,
    purpose?: "read" | "write",
  ): { key: string; environment: EnvironmentDocument; identity: Identity };
  /** Evaluates a definition as an identity that can open only some environments. */
  run(key: string, text: string, identity: Identity): Evaluated;
}

export function openEnvironments(esc: EscContext): Environments {
  const all = esc.store.collection<EnvironmentDocument>("environments");
  const timestamp = () => new Date(esc.now()).toISOString();

  const find: Environments["find"] = (context, purpose = "read") => {
    const { org, project, name } = context.req.param() as { org: string; project: string; name: string };
    const identity = esc.identityOf(context);
    const key = `${project}/${name}`;
    assertOrganization(esc, org);
    if (!mayOpen(identity, key))
      throw new PulumiError(403, `Forbidden: not authorized to access environment '${org}/${key}'`);
    if (purpose === "write") assertWrites(identity);
    const environment = all.get(key);
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
        const environment = mayOpen(identity, other) ? all.get(other) : undefined;
        return environment && revisionOf(environment, version)?.text;
      },
    });

  return { all, timestamp, find, run };
}

export function assertOrganization(esc: EscContext, organization: string): void {
  if (organization !== esc.organization)
    throw new PulumiError(404, `Not Found: Organization '${organization}' not found`);
}

export function assertWrites(identity: Identity): void {
  if (!identity.writes) throw new PulumiError(403, "Forbidden: the token can't change environments");
}

export function newest(environment: EnvironmentDocument): EnvironmentDocument["revisions"][number] {
  const last = environment.revisions.at(-1);
  if (last === undefined)
    throw new Error(`Environment ${environment.project}/${environment.name} has no revision`);
  return last;
}

/** A revision by number or tag; the newest one without. */
export function revisionOf(environment: EnvironmentDocument, version: string | undefined) {
  if (version === undefined || version === "latest") return newest(environment);
  const number = environment.versionTags[version]?.revision ?? Number(version);
  return environment.revisions.find((revision) => revision.number === number);
}

export function requireRevision(environment: EnvironmentDocument, version: string | undefined) {
  const revision = revisionOf(environment, version);
  if (revision === undefined) throw new PulumiError(404, `Not Found: revision '${version}' not found`);
  return revision;
}

export function showRevision(
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

export function revisionHeaders(environment: EnvironmentDocument, revision = newest(environment).number) {
  return { etag: etagOf(environment), "pulumi-esc-revision": String(revision) };
}

export function etagOf(environment: EnvironmentDocument): string {
  return `"${environment.project}-${environment.name}-${newest(environment).number}"`;
}

export async function readJson<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const parsed = schema.safeParse(await context.req.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new PulumiError(400, `Bad Request: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
}
