import { z } from "zod";
import type { Github } from "../../github/client.ts";
import { GithubRefusal } from "../../github/refusal.ts";
import type { Kept, SecretPlace, Use } from "../secret-places.ts";

const READ_BY_PREVIEWS =
  /^(HCLOUD_TOKEN|CLOUDFLARE_API_TOKEN|PULUMI_CONFIG_PASSPHRASE|DIGEST_KEY|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|PREVIEW_(CLOUDFLARE|NEON)_\w+)$/;
const Listed = z.object({ secrets: z.array(z.object({ name: z.string() })) });
const PublicKey = z.object({ key_id: z.string(), key: z.string() });

/**
 * GitHub's own secrets, for a team without Pulumi Cloud. Those for deployments are secrets of the stack's GitHub Environment;
 * those for previews only read and are secrets of the repository, which a job in an environment sees its own instead of.
 * GitHub takes secrets encrypted for the repository and never shows one. https://docs.github.com/rest/actions/secrets
 */
export function githubPlace(hub: Github): SecretPlace {
  const baseOf = (stack: string, use: Use) =>
    use === "preview" ? "/repos/{owner}/{repo}/actions" : `/repos/{owner}/{repo}/environments/${stack}`;

  return {
    async read(stack, use): Promise<Kept> {
      const place =
        use === "preview" ? "the repository's secrets" : `the secrets of the GitHub Environment ${stack}`;
      try {
        const { data } = await hub.request(`GET ${baseOf(stack, use)}/secrets`, { ...hub.at, per_page: 100 });
        const names = Listed.parse(data).secrets.map(({ name }) => name);
        return { place, exists: true, names, values: undefined };
      } catch (error) {
        if (!(error instanceof GithubRefusal) || error.kind !== "not-found") throw error;
        return { place, exists: false, names: [], values: undefined };
      }
    },
    async make(stack, use) {
      if (use === "deploy")
        await hub.request("PUT /repos/{owner}/{repo}/environments/{environment_name}", {
          ...hub.at,
          environment_name: stack,
        });
    },
    async write(stack, use, name, value) {
      const base = baseOf(stack, use);
      const key = PublicKey.parse((await hub.request(`GET ${base}/secrets/public-key`, hub.at)).data);
      await hub.request(`PUT ${base}/secrets/${name}`, {
        ...hub.at,
        encrypted_value: await sealed(value, key.key),
        key_id: key.key_id,
      });
    },
    async remove(stack, use) {
      const { names } = await this.read(stack, use);
      // The repository's secrets can be others' too; what goes is what the set-up writes.
      const own = use === "preview" ? names.filter((name) => READ_BY_PREVIEWS.test(name)) : names;
      for (const name of own) await hub.request(`DELETE ${baseOf(stack, use)}/secrets/${name}`, hub.at);
    },
  };
}

/** Encrypts as GitHub wants it: a libsodium sealed box for its public key, in base64. */
async function sealed(value: string, publicKey: string): Promise<string> {
  const { default: sodium } = await import("libsodium-wrappers");
  await sodium.ready;
  const key = sodium.from_base64(publicKey, sodium.base64_variants.ORIGINAL);
  const box = sodium.crypto_box_seal(sodium.from_string(value), key);
  return sodium.to_base64(box, sodium.base64_variants.ORIGINAL);
}
