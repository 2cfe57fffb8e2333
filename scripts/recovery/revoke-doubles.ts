import { z } from "zod";
import type { Checkpoint } from "../stack/checkpoint.ts";
import type { Clouds } from "./adoption/rule.ts";

const TYPE = "cloudflare:index/originCaCertificate:OriginCaCertificate";
const Csr = z.object({ csr: z.string() });

/**
 * Revokes Origin CA certificates that were signed for a key of this stack and that its state does not know. It is the one
 * kind of thing that a cloud makes twice: a provider that gets no answer asks once more, and for everything else the second
 * time is refused.
 *
 * @param checkpoint the state after the update
 * @returns a line for each, for people
 */
export async function revokeDoubles(checkpoint: Checkpoint, clouds: Clouds): Promise<string[]> {
  const known = checkpoint.deployment.resources.filter(({ type }) => type === TYPE);
  if (known.length === 0 || clouds.zoneId === undefined) return [];
  const bare = (pem: string) => pem.replaceAll(/\s/g, "");
  const ids = new Set(known.map(({ id }) => id));
  const requests = new Set(
    known.flatMap(({ inputs }) => {
      const parsed = Csr.safeParse(inputs);
      return parsed.success ? [bare(parsed.data.csr)] : [];
    }),
  );
  const all = await clouds.cloudflare.originCertificates(clouds.zoneId);
  const doubles = all.filter(({ id, csr }) => csr && !ids.has(id) && requests.has(bare(csr)));
  await Promise.all(doubles.map(({ id }) => clouds.cloudflare.revokeOriginCertificate(id)));
  return doubles.map(
    ({ id }) => `Certificate ${id} had been made twice, and nobody knew of it: it is revoked`,
  );
}

/** Whether an update may have made such a certificate. */
export function makesCertificates(types: readonly string[]): boolean {
  return types.includes(TYPE);
}
