import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Bench } from "./bench.ts";
import { clients } from "./clients.ts";
import { pulumi } from "./facts/pulumi.ts";
import { cloudflarePreviewToken, cloudflareToken } from "./questions/cloudflare.ts";
import { dopplerToken } from "./questions/doppler.ts";
import { hetznerPreviewToken, hetznerToken } from "./questions/hetzner.ts";
import { home } from "./questions/home.ts";
import { neonKey } from "./questions/neon.ts";
import type { Use } from "./secret-places.ts";
import { dopplerConfig } from "./steps/doppler.ts";
import { verifyCloudflareToken } from "./tokens/cloudflare.ts";

/**
 * Where the value of one variable of the pipeline (scripts/secrets/variables.ts) comes from.
 *
 * - `given`: a person's answer, or made from one; undefined where it is not used
 * - `made`: any long random text or key; made once a stack and then kept, the same for both uses
 * - `issued`: by a provider, for this very stack; issued once and then kept
 */
export type Source = { variable: string; uses: readonly Use[] } & (
  | { kind: "given"; value(bench: Bench, use: Use): Promise<string | undefined> }
  | { kind: "made"; make(): string }
  | {
      kind: "issued";
      /** Whether it is used at all. */
      wanted(bench: Bench): Promise<boolean>;
      /** Takes away what was issued under the same name before, so that two are never left. */
      issue(bench: Bench, stack: string): Promise<string>;
    }
);

const BOTH: readonly Use[] = ["deploy", "preview"];
const DEPLOYS: readonly Use[] = ["deploy"];

export const SOURCES: readonly Source[] = [
  {
    variable: "HCLOUD_TOKEN",
    uses: BOTH,
    kind: "given",
    value: (bench, use) => bench.ask(use === "deploy" ? hetznerToken : hetznerPreviewToken),
  },
  {
    variable: "CLOUDFLARE_API_TOKEN",
    uses: BOTH,
    kind: "given",
    value: (bench, use) => bench.ask(use === "deploy" ? cloudflareToken : cloudflarePreviewToken),
  },
  { variable: "PULUMI_CONFIG_PASSPHRASE", uses: BOTH, kind: "made", make: randomText },
  { variable: "DIGEST_KEY", uses: BOTH, kind: "made", make: randomText },
  { variable: "RELEASE_SIGNING_KEY", uses: DEPLOYS, kind: "made", make: signingKey },
  { variable: "INTAKE_SIGNING_KEY", uses: DEPLOYS, kind: "made", make: randomText },
  { variable: "INTAKE_OPERATOR_KEY", uses: DEPLOYS, kind: "made", make: randomText },
  { variable: "NEON_API_KEY", uses: DEPLOYS, kind: "given", value: (bench) => bench.ask(neonKey) },
  {
    variable: "DOPPLER_TOKEN",
    uses: DEPLOYS,
    kind: "issued",
    wanted: async (bench) => (await bench.ask(dopplerToken)) !== "",
    issue: issueDopplerToken,
  },
  {
    variable: "AWS_ACCESS_KEY_ID",
    uses: BOTH,
    kind: "given",
    value: async (bench, use) => (await bucketKey(bench, use))?.id,
  },
  {
    variable: "AWS_SECRET_ACCESS_KEY",
    uses: BOTH,
    kind: "given",
    value: async (bench, use) => (await bucketKey(bench, use))?.secret,
  },
  {
    variable: "PULUMI_ACCESS_TOKEN",
    uses: BOTH,
    kind: "issued",
    wanted: async (bench) => (await bench.ask(home)) === "pulumi",
    issue: issuePulumiToken,
  },
];

export function randomText(): string {
  return randomBytes(32).toString("base64url");
}

/** Ed25519, as `openssl genpkey -algorithm ed25519` makes it. */
export function signingKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * R2's S3 interface takes an API token too: its id, and the SHA-256 of the token itself.
 * https://developers.cloudflare.com/r2/api/tokens/#get-s3-api-credentials-from-an-api-token
 */
async function bucketKey(bench: Bench, use: Use): Promise<{ id: string; secret: string } | undefined> {
  if ((await bench.ask(home)) === "pulumi") return undefined;
  return bucketKeyOf(bench, await bench.ask(use === "deploy" ? cloudflareToken : cloudflarePreviewToken));
}

/** What opens the bucket of the state with a token of Cloudflare; undefined for one that Cloudflare does not know. */
export async function bucketKeyOf(
  bench: Bench,
  token: string,
): Promise<{ id: string; secret: string } | undefined> {
  const verified = await verifyCloudflareToken(clients.cloudflare(bench, token));
  if (!verified) return undefined;
  return { id: verified.id, secret: createHash("sha256").update(token).digest("hex") };
}

const Tokens = z.object({ tokens: z.array(z.object({ slug: z.string(), name: z.string() })) });
const Issued = z.object({ token: z.object({ key: z.string() }) });

/** A service token that reads the stack's config, named after the repository's project. */
export async function issueDopplerToken(bench: Bench, stack: string): Promise<string> {
  const { api, at, name } = configOf(bench, await bench.ask(dopplerToken), stack);
  const query = new URLSearchParams(at);
  const { tokens } = await api.call("GET", `/configs/config/tokens?${query}`, Tokens);
  for (const { slug } of tokens.filter((token) => token.name === name))
    await api.call("DELETE", "/configs/config/tokens", z.unknown(), { ...at, slug });
  const { token } = await api.call("POST", "/configs/config/tokens", Issued, { ...at, name, access: "read" });
  return token.key;
}

const Listed = z.object({
  tokens: z.array(z.object({ slug: z.string(), name: z.string(), created_at: z.string() })),
});

/** One more service token of the stack's config; those that are there go on working. */
export async function addDopplerToken(bench: Bench, personal: string, stack: string): Promise<string> {
  const { api, at, name } = configOf(bench, personal, stack);
  const day = bench.context.now().toISOString().slice(0, 10);
  const asked = { ...at, name: `${name}-${day}`, access: "read" };
  return (await api.call("POST", "/configs/config/tokens", Issued, asked)).token.key;
}

/** Ends the service tokens of the stack's config that bear the repository's name, all but the newest. */
export async function endOlderDopplerTokens(bench: Bench, personal: string, stack: string): Promise<void> {
  const { api, at, name } = configOf(bench, personal, stack);
  const { tokens } = await api.call("GET", `/configs/config/tokens?${new URLSearchParams(at)}`, Listed);
  const own = tokens.filter((token) => token.name === name || token.name.startsWith(`${name}-`));
  const older = own.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(1);
  for (const { slug } of older)
    await api.call("DELETE", "/configs/config/tokens", z.unknown(), { ...at, slug });
}

function configOf(bench: Bench, personal: string, stack: string) {
  return {
    api: clients.doppler(bench, personal),
    at: { project: bench.project.name, config: dopplerConfig(stack) },
    name: `${bench.project.name}-${stack}`,
  };
}

const OrgTokens = z.object({ tokens: z.array(z.object({ id: z.string(), name: z.string() })) });
const OrgToken = z.object({ tokenValue: z.string() });

/** An organization's token for the stack's state. https://www.pulumi.com/docs/reference/cloud-rest-api/access-tokens/ */
export async function issuePulumiToken(bench: Bench, stack: string): Promise<string> {
  const cloud = await pulumi(bench);
  if (!cloud) throw new Error("no Pulumi Cloud, and a token of it is wanted");
  const { api, organization } = cloud;
  const path = `/orgs/${organization}/tokens`;
  const name = `${bench.project.name}-${stack}`;
  const { tokens } = await api.call("GET", path, OrgTokens);
  for (const { id } of tokens.filter((token) => token.name === name))
    await api.call("DELETE", `${path}/${id}`, z.unknown());
  const description = `The state of ${bench.project.name}'s stack ${stack}`;
  return (await api.call("POST", path, OrgToken, { name, description, admin: false })).tokenValue;
}
