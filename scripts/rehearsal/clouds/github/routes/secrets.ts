import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { openVault } from "../../base/vault.ts";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo, Variables } from "../hub.ts";
import { body, page, type RequestContext, repoOf } from "../request.ts";

/** A secret as the cloud keeps it: encrypted with a key of the world. */
interface KeptSecret {
  name: string;
  ciphertext: string;
  createdAt: string;
  updatedAt: string;
}
interface KeyPair {
  keyId: string;
  publicKey: string;
  privateKey: string;
}

const Put = z.object({ encrypted_value: z.base64(), key_id: z.string() });
const NAME = /^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*$/;

/** Secrets of a repository and of its environments; they go in sealed, and never out. https://docs.github.com/rest/actions/secrets */
export function secretRoutes(api: Api, hub: Hub): void {
  routesOf(api, hub, "/repos/:owner/:repo/actions", allowed("secrets"), () => "");
  routesOf(api, hub, "/repos/:owner/:repo/environments/:environment", allowed("environments"), (c, repo) => {
    const environment = repo.environments.get(c.req.param("environment") ?? "");
    if (!environment) throw notFound();
    return environment.name;
  });
}

function allowed(permission: "secrets" | "environments") {
  return { read: allow("read", permission), write: allow("write", permission) };
}

function routesOf(
  api: Api,
  hub: Hub,
  base: string,
  may: Record<"read" | "write", MiddlewareHandler<{ Variables: Variables }>>,
  scopeOf: (c: RequestContext, repo: Repo) => string,
): void {
  const at = (c: RequestContext) => {
    const repo = repoOf(hub, c);
    return { repo, secrets: collectionOf(hub, repo, scopeOf(c, repo)) };
  };
  api.get(`${base}/secrets/public-key`, may.read, async (c) => {
    const { keyId, publicKey } = await keyPairOf(hub, at(c).repo);
    return c.json({ key_id: keyId, key: publicKey });
  });
  api.get(`${base}/secrets`, may.read, (c) => {
    const all = at(c).secrets.list();
    return c.json({ total_count: all.length, secrets: page(c, all.map(shown)) });
  });
  api.get(`${base}/secrets/:name`, may.read, (c) => {
    const found = at(c).secrets.get((c.req.param("name") ?? "").toUpperCase());
    if (!found) throw notFound();
    return c.json(shown(found));
  });
  api.put(`${base}/secrets/:name`, may.write, async (c: RequestContext) => {
    const { repo, secrets } = at(c);
    const name = (c.req.param("name") ?? "").toUpperCase();
    if (!NAME.test(name)) throw validationFailed("Secret names can only contain alphanumeric characters");
    const { encrypted_value, key_id } = await body(c, Put);
    const pair = await keyPairOf(hub, repo);
    if (key_id !== pair.keyId)
      throw validationFailed("Encrypted value must be encrypted with the public key");
    const value = await unseal(encrypted_value, pair);
    const known = secrets.get(name);
    const now = hub.instant();
    const ciphertext = openVault(hub.world, "github").encrypt(value);
    secrets.put(name, { name, ciphertext, createdAt: known?.createdAt ?? now, updatedAt: now });
    return c.body(null, known ? 204 : 201);
  });
  api.delete(`${base}/secrets/:name`, may.write, (c) => {
    if (!at(c).secrets.delete((c.req.param("name") ?? "").toUpperCase())) throw notFound();
    return c.body(null, 204);
  });
}

function collectionOf(hub: Hub, repo: Repo, scope: string) {
  return hub.store.collection<KeptSecret>(`${repo.fullName}/secrets/${scope}`);
}

function shown({ name, createdAt, updatedAt }: KeptSecret) {
  return { name, created_at: createdAt, updated_at: updatedAt };
}

/** Loaded when somebody asks for it: few worlds keep secrets here. */
async function loadSodium() {
  const { default: sodium } = await import("libsodium-wrappers");
  await sodium.ready;
  return sodium;
}

async function keyPairOf(hub: Hub, repo: Repo): Promise<KeyPair> {
  const sodium = await loadSodium();
  const pairs = hub.store.collection<KeyPair>("secret-keys");
  const known = pairs.get(repo.fullName);
  if (known) return known;
  const { publicKey, privateKey } = sodium.crypto_box_keypair();
  const text = (bytes: Uint8Array) => sodium.to_base64(bytes, sodium.base64_variants.ORIGINAL);
  const keyId = String(hub.store.next("secret-key", 3_380_204_578_043_523));
  return pairs.put(repo.fullName, { keyId, publicKey: text(publicKey), privateKey: text(privateKey) });
}

/** @throws ApiError 422 for what was not sealed with the key */
async function unseal(text: string, { publicKey, privateKey }: KeyPair): Promise<string> {
  const sodium = await loadSodium();
  const bytes = (base64: string) => sodium.from_base64(base64, sodium.base64_variants.ORIGINAL);
  try {
    return sodium.to_string(sodium.crypto_box_seal_open(bytes(text), bytes(publicKey), bytes(privateKey)));
  } catch {
    throw new ApiError(422, "Encrypted value could not be decrypted");
  }
}

/** What a job of an environment sees: its secrets over those of the repository. For the runner of a rehearsal. */
export function secretsOfJob(hub: Hub, repo: Repo, environment: string | undefined): Record<string, string> {
  const vault = openVault(hub.world, "github");
  const scopes = environment === undefined ? [""] : ["", environment];
  return Object.fromEntries(
    scopes.flatMap((scope) =>
      collectionOf(hub, repo, scope)
        .list()
        .map(({ name, ciphertext }) => [name, vault.decrypt(ciphertext) ?? ""]),
    ),
  );
}
