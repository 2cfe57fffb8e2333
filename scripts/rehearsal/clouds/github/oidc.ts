import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { ApiError } from "./errors.ts";
import type { Api, Hub } from "./hub.ts";
import type { Job } from "./model.ts";

/** Who GitHub's tokens say they are from; clouds that trust GitHub compare it as a string. */
export const ISSUER = "https://token.actions.githubusercontent.com";
/** GitHub's tokens live five minutes. */
const LIFETIME_SECONDS = 300;

/** https://docs.github.com/actions/reference/security/oidc */
export const Claims = z
  .object({
    iss: z.string(),
    sub: z.string(),
    aud: z.string(),
    iat: z.number(),
    nbf: z.number(),
    exp: z.number(),
    jti: z.string(),
    repository: z.string(),
    ref: z.string(),
    sha: z.string(),
    event_name: z.string(),
    actor: z.string(),
    run_id: z.string(),
    run_attempt: z.string(),
    workflow_ref: z.string(),
    job_workflow_ref: z.string(),
    environment: z.string().optional(),
  })
  .catchall(z.unknown());
export type Claims = z.infer<typeof Claims>;

interface StoredKey {
  pem: string;
}

/** How a repository's subjects are made. https://docs.github.com/rest/actions/oidc */
export interface SubjectTemplate {
  use_default: boolean;
  /** With the ids of owner and repository, as those have it that were made since July 2026. */
  use_immutable_subject: boolean;
}

export function subjectTemplate(hub: Hub, fullName: string): SubjectTemplate {
  const fallback = { use_default: true, use_immutable_subject: false };
  return hub.store.collection<SubjectTemplate>("oidc-subjects").get(fullName) ?? fallback;
}

/** What all subjects of a repository begin with. */
export function subjectPrefix(
  hub: Hub,
  repository: { fullName: string; owner: string; name: string; id: number },
): string {
  const { fullName, owner, name, id } = repository;
  if (!subjectTemplate(hub, fullName).use_immutable_subject) return `repo:${fullName}`;
  return `repo:${owner}@${hub.users.get(owner)?.id ?? 0}/${name}@${id}`;
}

/** The subject, made from the other claims as GitHub's default template does it. */
function subject(hub: Hub, claims: Record<string, string>): string {
  const [owner = "", name = ""] = (claims.repository ?? "").split("/");
  const fullName = `${owner}/${name}`;
  const prefix = subjectPrefix(hub, { fullName, owner, name, id: Number(claims.repository_id) });
  if (claims.environment) return `${prefix}:environment:${claims.environment.replaceAll(":", "%3A")}`;
  if (claims.event_name === "pull_request") return `${prefix}:pull_request`;
  return `${prefix}:ref:${claims.ref}`;
}

/** Issues and checks the identity tokens of jobs; its key stays with the world. */
export class Oidc {
  readonly #hub: Hub;
  #key: Promise<KeyObject> | undefined;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  async issue(job: Job, audience: string): Promise<string> {
    const now = Math.floor(this.#hub.now().getTime() / 1000);
    const key = await this.#privateKey();
    const { kid } = publicJwk(key);
    const payload = {
      jti: randomUUID(),
      sub: subject(this.#hub, job.claims),
      ...job.claims,
      aud: audience,
      iss: ISSUER,
      nbf: now - 600,
      iat: now,
      exp: now + LIFETIME_SECONDS,
    };
    const signed = `${encode({ typ: "JWT", alg: "RS256", x5t: kid, kid })}.${encode(payload)}`;
    return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
  }

  /** The claims of a token of this cloud; throws if the signature, the issuer or the time does not fit. */
  async verify(jwt: string): Promise<Claims> {
    const [header = "", payload = "", signature = ""] = jwt.split(".");
    const { alg } = z.object({ alg: z.string() }).parse(decode(header));
    if (alg !== "RS256") throw new Error(`identity token: algorithm ${alg} is not RS256`);
    const key = createPublicKey(await this.#privateKey());
    const good = verify(
      "RSA-SHA256",
      Buffer.from(`${header}.${payload}`),
      key,
      Buffer.from(signature, "base64url"),
    );
    if (!good) throw new Error("identity token: the signature is not GitHub's");
    const claims = Claims.parse(decode(payload));
    const now = this.#hub.now().getTime() / 1000;
    if (claims.iss !== ISSUER) throw new Error(`identity token: issued by ${claims.iss}`);
    if (now >= claims.exp || now < claims.nbf) throw new Error("identity token: not valid at this time");
    return claims;
  }

  async jwks(): Promise<{ keys: JsonWebKey[] }> {
    const key = await this.#privateKey();
    const { kid, jwk } = publicJwk(key);
    return { keys: [{ ...jwk, kid, x5t: kid, alg: "RS256", use: "sig" }] };
  }

  #privateKey(): Promise<KeyObject> {
    this.#key ??= this.#loadKey();
    return this.#key;
  }

  async #loadKey(): Promise<KeyObject> {
    const keys = this.#hub.store.collection<StoredKey>("oidc-keys");
    const known = keys.get("current");
    if (known) return createPrivateKey(known.pem);
    const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    keys.put("current", { pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() });
    return privateKey;
  }
}

/** The issuer's public pages and the address that a job asks for its token. */
export function oidcRoutes(api: Api, hub: Hub, oidc: Oidc): void {
  api.get("/.well-known/jwks", async (c) => c.json(await oidc.jwks()));
  api.get("/.well-known/openid-configuration", (c) =>
    c.json({
      issuer: ISSUER,
      jwks_uri: `${hub.url()}/.well-known/jwks`,
      subject_types_supported: ["public", "pairwise"],
      response_types_supported: ["id_token"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid"],
      claims_supported: Object.keys(Claims.shape),
    }),
  );
  api.get("/_actions/oidc/:job", async (c) => {
    const job = hub.jobs.get(c.req.param("job"));
    const given = Buffer.from(/^bearer\s+(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "");
    const wanted = Buffer.from(job?.requestToken ?? "");
    if (!job || given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw new ApiError(401, "Unauthorized");
    const owner = job.claims.repository_owner ?? "";
    const value = await oidc.issue(job, c.req.query("audience") ?? `https://github.com/${owner}`);
    return c.json({ count: value.length, value });
  });
}

function publicJwk(key: KeyObject): { kid: string; jwk: JsonWebKey } {
  const jwk = createPublicKey(key).export({ format: "jwk" });
  // RFC 7638: the thumbprint of the required members in alphabetical order.
  const required = JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n });
  return { kid: createHash("sha256").update(required).digest("base64url"), jwk };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString());
}
