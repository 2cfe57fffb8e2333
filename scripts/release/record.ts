import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";

/** What the servers are told to run: the content of the DNS TXT record `_release.<app host>`. */
export interface ReleaseRecord {
  release: string;
  /** By digest only. */
  image: string;
}

/** A name that any registry could change the meaning of is no release. */
const Image = z.string().regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/);
const Fields = z.object({
  v: z.literal("1"),
  release: z.string().regex(/^\S+$/),
  image: Image,
  sig: z.string().optional(),
});

/**
 * Writes a release record, signed with an Ed25519 key (PEM) where there is one:
 * `v=1 release=prod-v1.4.0 image=ghcr.io/quayside/app@sha256:… sig=…`. The signature is over all that stands before it.
 *
 * @throws UserError `record-unwritable`, `signing-key-unreadable`
 */
export function writeRecord(record: ReleaseRecord, privateKeyPem?: string): string {
  if (!Fields.safeParse({ v: "1", ...record }).success) {
    throw new UserError(
      "record-unwritable",
      `Release ${record.release} can't be announced: its image ${record.image} is not named by digest.`,
      "Name the image in infra/Pulumi.<stack>.yaml as name@sha256:<64 hex digits>.",
      EXIT.usage,
    );
  }
  const body = `v=1 release=${record.release} image=${record.image}`;
  if (!privateKeyPem) return body;
  return `${body} sig=${sign(null, Buffer.from(body), signingKey(privateKeyPem)).toString("base64url")}`;
}

function signingKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // What OpenSSL says of it is of no use to anybody, and the key itself must not be shown.
  }
  throw new UserError(
    "signing-key-unreadable",
    "RELEASE_SIGNING_KEY is no Ed25519 private key in PEM.",
    "Make one with `openssl genpkey -algorithm ed25519` and store the whole file, line breaks included.",
    EXIT.usage,
  );
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
