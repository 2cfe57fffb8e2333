import { createHash, randomBytes } from "node:crypto";
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { Collection } from "../base/store.ts";
import { errorResponse, PulumiError, UNAUTHORIZED } from "./error.ts";
import { type Claims, fits, fittingPolicies, type TrustPolicy } from "./trust.ts";

/** Who asks: the organization's own long-lived token, or one that was exchanged for an OIDC token. */
export interface Identity {
  login: string;
  /** Environments it can read and open, with `*`. */
  environments: string[];
  /** Whether it can create, change and delete. */
  writes: boolean;
  tokenName: string;
  /** Whether it administers the organization: its issuers, policies, roles and tokens. */
  admin: boolean;
}

/** An exchanged token as the world keeps it: only its hash. */
export interface IssuedToken {
  hash: string;
  expires: number;
  identity: Identity;
}

export interface AccessOptions {
  organization: string;
  /** The long-lived access token of the organization's owner. */
  token: string;
  /** Whom the organization trusts, as it stands now; undefined where it has registered no issuer. */
  trust: () => TrustPolicy[] | undefined;
  /** Checks signature, issuer and times of an OIDC token, and returns its claims. @throws for a token that is not good */
  verifyOidc?: (jwt: string) => Promise<Claims>;
  now: () => number;
  issued: Collection<IssuedToken>;
}

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN = "urn:pulumi:token-type:access_token";
const TWO_HOURS = 7200;

const Exchange = z.object({
  grant_type: z.literal(GRANT),
  audience: z.string(),
  subject_token_type: z.literal(ID_TOKEN),
  requested_token_type: z.string().regex(new RegExp(`^${ACCESS_TOKEN}:(organization|team|personal|runner)$`)),
  subject_token: z.string().min(1),
  scope: z.string().default(""),
  expiration: z.coerce.number().int().positive().max(86_400).default(TWO_HOURS),
});

/**
 * `POST /api/oauth/token`, as a form or as JSON: exchanges an OIDC token for an access token
 * (https://www.pulumi.com/docs/reference/cloud-rest-api/oauth-token-exchange/).
 */
export function exchangeRoute(app: Hono, options: AccessOptions): void {
  app.post("/api/oauth/token", async (c) => {
    const isJson = c.req.header("content-type")?.includes("json");
    const body: unknown = isJson ? await c.req.json().catch(() => ({})) : await c.req.parseBody();
    const parsed = Exchange.safeParse(body);
    if (!parsed.success) {
      const fields = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
      return errorResponse(400, `Bad Request: invalid token exchange request: ${fields}`);
    }
    const wanted = parsed.data;
    const audience = `urn:pulumi:org:${options.organization}`;
    if (wanted.audience !== audience)
      return errorResponse(404, "Not Found: organization in audience not found");
    const trust = options.trust();
    if (options.verifyOidc === undefined || trust === undefined)
      return errorResponse(401, "Unauthorized: the issuer of the subject token is not registered");
    let claims: Claims;
    try {
      claims = await options.verifyOidc(wanted.subject_token);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return errorResponse(401, `Unauthorized: invalid subject token: ${reason}`);
    }
    if (!fits(audience, claims.aud))
      return errorResponse(401, "Unauthorized: invalid subject token: unexpected audience");
    const policies = fittingPolicies(trust, claims);
    if (policies.length === 0)
      return errorResponse(
        401,
        "Unauthorized: no authorization policy allows the claims of the subject token",
      );
    const token = `pul-${randomBytes(20).toString("hex")}`;
    const hash = hashOf(token);
    options.issued.put(hash, {
      hash,
      expires: options.now() + wanted.expiration * 1000,
      identity: {
        login: options.organization,
        environments: policies.flatMap((policy) => policy.environments),
        writes: false,
        admin: false,
        tokenName: `oidc:${String(claims.sub)}`,
      },
    });
    return c.json({
      access_token: token,
      issued_token_type: wanted.requested_token_type,
      token_type: "token",
      expires_in: wanted.expiration,
      scope: wanted.scope,
    });
  });
}

/** Who a request comes from, by `Authorization: token …`. @throws PulumiError 401 */
export function identify(context: Context, options: AccessOptions): Identity {
  const token = /^(?:token|bearer) (\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  if (token === undefined) throw new PulumiError(401, UNAUTHORIZED);
  if (token === options.token)
    return {
      login: options.organization,
      environments: ["*"],
      writes: true,
      tokenName: "owner",
      admin: true,
    };
  const issued = options.issued.get(hashOf(token));
  if (issued === undefined || issued.expires <= options.now()) throw new PulumiError(401, UNAUTHORIZED);
  return issued.identity;
}

/** Whether an identity may read an environment, `project/name`. */
export function mayOpen(identity: Identity, environment: string): boolean {
  return identity.environments.some((pattern) => fits(pattern, environment));
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
