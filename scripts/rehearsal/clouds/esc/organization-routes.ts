import { randomBytes, randomUUID } from "node:crypto";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { Store } from "../base/store.ts";
import { hashOf, type Identity, type IssuedToken } from "./access.ts";
import { readJson } from "./environment.ts";
import { PulumiError } from "./error.ts";
import { openedBy, RoleDetails } from "./role.ts";
import type { TrustPolicy } from "./trust.ts";

interface IssuerDocument {
  id: string;
  name: string;
  url: string;
  created: string;
  policyId: string;
  version: number;
  policies: PolicyDefinition[];
}
interface RoleDocument {
  id: string;
  name: string;
  description: string;
  details: z.infer<typeof RoleDetails>;
  version: number;
}
interface TokenDocument {
  id: string;
  name: string;
  description: string;
  hash: string;
  created: string;
  admin: boolean;
}

const Rule = z.string().regex(/[^*?.]/, "should at least have a strict matching portion");
const PolicyDefinition = z.object({
  decision: z.enum(["allow", "deny"]),
  tokenType: z.enum(["organization", "team", "personal", "runner"]),
  teamName: z.string().nullish(),
  userLogin: z.string().nullish(),
  runnerID: z.string().nullish(),
  roleID: z.string().nullish(),
  authorizedPermissions: z.array(z.literal("admin")).nullish(),
  rules: z.record(z.string(), Rule),
});
type PolicyDefinition = z.infer<typeof PolicyDefinition>;

export interface OrganizationContext {
  store: Store;
  organization: string;
  now: () => number;
  identityOf(context: Context): Identity;
}

const issuersOf = (store: Store) => store.collection<IssuerDocument>("oidc-issuers");
const rolesOf = (store: Store) => store.collection<RoleDocument>("roles");
const environmentsOf = (store: Store) =>
  store.collection<{ id: string; project: string; name: string }>("environments").list();

/** A token that an organization issued can open nothing of ESC here: it is for the state, which is not rehearsed. */
const NOTHING: string[] = [];

/**
 * Whom the organization trusts now: what the world began with, and its issuers' policies with the roles that they give. A
 * policy without a role opens every environment, as an organization's token does.
 */
export function organizationTrust(
  store: Store,
  initial: TrustPolicy[] | undefined,
): TrustPolicy[] | undefined {
  const issuers = issuersOf(store).list();
  if (initial === undefined && issuers.length === 0) return undefined;
  const environments = environmentsOf(store);
  const added = issuers
    .flatMap(({ policies }) => policies)
    .filter(({ decision, tokenType }) => decision === "allow" && tokenType === "organization")
    .map(({ rules, roleID }): TrustPolicy => {
      const role = roleID ? rolesOf(store).get(roleID) : undefined;
      return {
        rules,
        environments: roleID ? (role ? openedBy(role.details, environments) : NOTHING) : ["*"],
      };
    });
  return [...(initial ?? []), ...added];
}

/** What an organization's administrators set up: OIDC issuers with their policies, custom roles, tokens. */
export function organizationRoutes(app: Hono, context: OrganizationContext): void {
  const { organization } = context;
  const admin = (c: Context): void => {
    const identity = context.identityOf(c);
    if (c.req.param("org") !== organization)
      throw new PulumiError(404, `Not Found: Organization '${c.req.param("org")}' not found`);
    if (!identity.admin) throw new PulumiError(403, "Forbidden: only organization admins may do this");
  };
  issuerRoutes(app, context, admin);
  roleRoutes(app, context, admin);
  tokenRoutes(app, context, admin);
}

/** https://www.pulumi.com/docs/reference/cloud-rest-api/oidc-issuers/ */
function issuerRoutes(app: Hono, { store, now }: OrganizationContext, admin: (c: Context) => void): void {
  const all = issuersOf(store);
  const base = "/api/orgs/:org/oidc/issuers";
  const shown = ({ id, name, url, created }: IssuerDocument) => ({
    id,
    name,
    url,
    issuer: url,
    created,
    thumbprints: [],
    maxExpiration: 90_000,
  });
  app.get(base, (c) => {
    admin(c);
    return c.json({ oidcIssuers: all.list().map(shown) });
  });
  app.post(base, async (c) => {
    admin(c);
    const body = await readJson(c, z.object({ name: z.string().min(1), url: z.url() }));
    if (all.list().some(({ url, name }) => url === body.url || name === body.name))
      throw new PulumiError(409, `Conflict: an OIDC issuer '${body.url}' is registered already`);
    // A new issuer may do nothing: one policy denies an empty subject.
    const denied: PolicyDefinition = { decision: "deny", tokenType: "organization", rules: { sub: "" } };
    const issuer = all.put(body.url, {
      id: randomUUID(),
      ...body,
      created: new Date(now()).toISOString(),
      policyId: randomUUID(),
      version: 1,
      policies: [denied],
    });
    return c.json(shown(issuer));
  });
  app.delete(`${base}/:id`, (c) => {
    admin(c);
    const issuer = all.list().find(({ id }) => id === c.req.param("id"));
    if (!issuer) throw new PulumiError(404, "Not Found: OIDC issuer not found");
    all.delete(issuer.url);
    return c.body(null, 204);
  });
  const policyOf = ({ policyId, version, policies, created }: IssuerDocument) => ({
    id: policyId,
    version,
    created,
    modified: created,
    policies,
  });
  app.get("/api/orgs/:org/auth/policies/oidcissuers/:id", (c) => {
    admin(c);
    const issuer = all.list().find(({ id }) => id === c.req.param("id"));
    if (!issuer) throw new PulumiError(404, "Not Found: OIDC issuer not found");
    return c.json(policyOf(issuer));
  });
  app.patch("/api/orgs/:org/auth/policies/:policy", async (c) => {
    admin(c);
    const issuer = all.list().find(({ policyId }) => policyId === c.req.param("policy"));
    if (!issuer) throw new PulumiError(404, "Not Found: auth policy not found");
    const { policies } = await readJson(c, z.object({ policies: z.array(PolicyDefinition).min(1) }));
    const unknown = policies.find(({ roleID }) => roleID && !rolesOf(store).get(roleID));
    if (unknown) throw new PulumiError(400, `Bad Request: role '${unknown.roleID}' not found`);
    return c.json(policyOf(all.put(issuer.url, { ...issuer, policies, version: issuer.version + 1 })));
  });
}

/** https://www.pulumi.com/docs/administration/access-identity/rbac/roles/ */
function roleRoutes(
  app: Hono,
  { store, organization }: OrganizationContext,
  admin: (c: Context) => void,
): void {
  const all = rolesOf(store);
  const base = "/api/orgs/:org/roles";
  const shown = (role: RoleDocument) => ({
    ...role,
    resourceType: "organization",
    uxPurpose: "role",
    orgId: organization,
    isOrgDefault: false,
  });
  const found = (c: Context) => {
    const role = all.get(c.req.param("id") ?? "");
    if (!role) throw new PulumiError(404, "Not Found: role not found");
    return role;
  };
  app.get(base, (c) => {
    admin(c);
    return c.json({ roles: all.list().map(shown) });
  });
  app.get(`${base}/:id`, (c) => {
    admin(c);
    return c.json(shown(found(c)));
  });
  app.post(base, async (c) => {
    admin(c);
    const body = await readJson(
      c,
      z.object({ name: z.string().min(1), description: z.string().default(""), details: RoleDetails }),
    );
    if (all.list().some(({ name }) => name === body.name))
      throw new PulumiError(409, `Conflict: role '${body.name}' already exists`);
    const id = randomUUID();
    return c.json(shown(all.put(id, { id, ...body, version: 1 })));
  });
  app.patch(`${base}/:id`, async (c) => {
    admin(c);
    const { details } = await readJson(c, z.object({ details: RoleDetails }));
    const role = found(c);
    return c.json(shown(all.put(role.id, { ...role, details, version: role.version + 1 })));
  });
  app.delete(`${base}/:id`, (c) => {
    admin(c);
    all.delete(found(c).id);
    return c.body(null, 204);
  });
}

/** https://www.pulumi.com/docs/reference/cloud-rest-api/access-tokens/ */
function tokenRoutes(
  app: Hono,
  { store, organization, now }: OrganizationContext,
  admin: (c: Context) => void,
): void {
  const all = store.collection<TokenDocument>("organization-tokens");
  const issued = store.collection<IssuedToken>("issued");
  const base = "/api/orgs/:org/tokens";
  app.get(base, (c) => {
    admin(c);
    return c.json({
      tokens: all.list().map(({ hash: _hash, ...token }) => ({ ...token, lastUsed: 0, expires: 0 })),
    });
  });
  app.post(base, async (c) => {
    admin(c);
    const body = await readJson(
      c,
      z.object({
        name: z.string().min(1),
        description: z.string().default(""),
        admin: z.boolean().default(false),
      }),
    );
    if (all.list().some(({ name }) => name === body.name))
      throw new PulumiError(409, `Conflict: a token with name '${body.name}' already exists`);
    const tokenValue = `pul-${randomBytes(20).toString("hex")}`;
    const hash = hashOf(tokenValue);
    const id = randomUUID();
    all.put(id, { id, ...body, hash, created: new Date(now()).toISOString() });
    issued.put(hash, {
      hash,
      expires: Number.MAX_SAFE_INTEGER,
      identity: {
        login: organization,
        environments: NOTHING,
        writes: false,
        admin: body.admin,
        tokenName: body.name,
      },
    });
    return c.json({ id, tokenValue });
  });
  app.delete(`${base}/:id`, (c) => {
    admin(c);
    const token = all.get(c.req.param("id"));
    if (!token) throw new PulumiError(404, "Not Found: token not found");
    issued.delete(token.hash);
    all.delete(token.id);
    return c.body(null, 204);
  });
}
