import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { z } from "zod";

/** What the servers are told to run: the content of the DNS TXT record `_release.<app host>`. */
export interface ReleaseRecord {
  release: string;
  /** By digest only. */
  image: string;
}

const Fields = z.object({
  v: z.literal("1"),
  release: z.string(),
  image: z.string(),
  sig: z.string().optional(),
});

/**
 * Writes a release record, signed with an Ed25519 key (PEM) where there is one:
 * `v=1 release=prod-v1.4.0 image=ghcr.io/quayside/app@sha256:… sig=…`. The signature is over all that stands before it.
 */
export function writeRecord(record: ReleaseRecord, privateKeyPem?: string): string {
  const body = `v=1 release=${record.release} image=${record.image}`;
  if (!privateKeyPem) return body;
  return `${body} sig=${sign(null, Buffer.from(body), createPrivateKey(privateKeyPem)).toString("base64url")}`;
}

/**
 * Reads a record as it stands in DNS (with or without quotes, in one string or several). Undefined when it is no release
 * record, or when `publicKeyPem` is given and the signature is missing or wrong.
 */
export function readRecord(content: string, publicKeyPem?: string): ReleaseRecord | undefined {
  const text = content.replaceAll(/"\s+"/g, "").replaceAll(/^"|"$/g, "");
  const fields = Fields.safeParse(
    Object.fromEntries(
      text
        .split(" ")
        .map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]),
    ),
  );
  if (!fields.success) return undefined;
  const { release, image, sig } = fields.data;
  if (publicKeyPem) {
    const body = text.replace(/ sig=[^ ]*$/, "");
    const signature = Buffer.from(sig ?? "", "base64url");
    if (!verify(null, Buffer.from(body), createPublicKey(publicKeyPem), signature)) return undefined;
  }
  return { release, image };
}
