import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { EXIT, UserError } from "../errors.ts";

// RELEASE_SIGNING_KEY: the pipeline signs the release record with it, and servers know its public half from their birth.

/**
 * The public half of a signing key, as the stack's configuration has it: the base64 line of its PEM.
 *
 * @throws UserError `signing-key-unreadable`
 */
export function publicHalf(privateKeyPem: string): string {
  return createPublicKey(signingKey(privateKeyPem))
    .export({ type: "spki", format: "der" })
    .toString("base64");
}

const PEM = /-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----\n?/g;

/** The keys of RELEASE_SIGNING_KEY, PEM: while it is being changed there are two, the new one first. */
export function signingKeys(pems: string): string[] {
  return pems.match(PEM) ?? [pems];
}

/**
 * That one of several signing keys whose public half servers trust; undefined where none is.
 *
 * @throws UserError `signing-key-unreadable`
 */
export function signingKeyOf(publicKey: string, pems: string): string | undefined {
  return signingKeys(pems).find((pem) => publicHalf(pem) === publicKey);
}

/** @throws UserError `signing-key-unreadable` */
export function signingKey(pem: string): KeyObject {
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
