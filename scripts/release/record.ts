import { createPublicKey, sign, verify } from "node:crypto";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { signingKey } from "../secrets/signing-keys.ts";

/** What the servers are told to run: the content of the DNS TXT record `_release.<app host>`. */
export interface ReleaseRecord {
  /** Begins with the stack's name: a server refuses another stack's. */
  release: string;
  /** When it was announced: a server refuses a record that is older than what it has seen. Whole seconds. */
  at: Date;
  /** By digest only. */
  image: string;
  /** The token for the app's secrets, sealed for the servers ({@link ./seal.ts}). */
  sealed?: string | undefined;
}

/** A name that any registry could change the meaning of is no release. */
const Image = z.string().regex(/^[a-z0-9./:_-]+@sha256:[0-9a-f]{64}$/);
const Fields = z.object({
  v: z.literal("1"),
  release: z.string().regex(/^[a-z0-9][a-z0-9.-]{2,80}$/),
  at: z
    .string()
    .regex(/^\d{1,12}$/)
    .transform((seconds) => new Date(Number(seconds) * 1000)),
  image: Image,
  sealed: z
    .string()
    .regex(/^[\w-]+$/)
    .optional(),
  sig: z.string(),
});

/**
 * Writes a release record, signed with an Ed25519 key (PEM):
 * `v=1 release=prod-v1.4.0 at=1790000000 image=ghcr.io/quayside/app@sha256:… sealed=… sig=…`. The signature is over all
 * that stands before it. Its reader is the servers' agent, infra/machine/usr/local/lib/quayside/agent.py.
 *
 * @throws UserError `record-unwritable`, `signing-key-unreadable`
 */
export function writeRecord({ release, at, image, sealed }: ReleaseRecord, privateKeyPem: string): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const body = `v=1 release=${release} at=${seconds} image=${image}${sealed ? ` sealed=${sealed}` : ""}`;
  const signature = sign(null, Buffer.from(body), signingKey(privateKeyPem)).toString("base64url");
  if (!Image.safeParse(image).success || !parse(`${body} sig=${signature}`)) {
    throw new UserError(
      "record-unwritable",
      `Release ${release} can't be announced: its image ${image} is not named by digest.`,
      "Name the image in infra/Pulumi.<stack>.yaml as name@sha256:<64 hex digits>.",
      EXIT.usage,
    );
  }
  return `${body} sig=${signature}`;
}

/** A record's content as DNS has it: quoted strings of at most 255 bytes each (RFC 1035, 3.3). */
export function quotedStrings(content: string): string {
  return (content.match(/.{1,255}/g) ?? [""]).map((part) => `"${part}"`).join(" ");
}

/**
 * Reads a record as it stands in DNS (with or without quotes, in one string or several). Undefined when it is no release
 * record, or when it is not signed with the key, where one is given.
 */
export function readRecord(content: string, publicKeyPem?: string): ReleaseRecord | undefined {
  const text = content.replaceAll(/"\s+"/g, "").replaceAll(/^"|"$/g, "");
  const fields = parse(text);
  if (!fields) return undefined;
  if (publicKeyPem) {
    const body = text.replace(/ sig=[^ ]*$/, "");
    const signature = Buffer.from(fields.sig, "base64url");
    if (!verify(null, Buffer.from(body), createPublicKey(publicKeyPem), signature)) return undefined;
  }
  const { release, at, image, sealed } = fields;
  return { release, at, image, ...(sealed ? { sealed } : {}) };
}

const ORDER = /^v=\S+ release=\S+ at=\S+ image=\S+( sealed=\S+)? sig=\S+$/;

function parse(text: string): z.infer<typeof Fields> | undefined {
  if (!ORDER.test(text)) return undefined;
  const pairs = text
    .split(" ")
    .map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]);
  return Fields.safeParse(Object.fromEntries(pairs)).data;
}
