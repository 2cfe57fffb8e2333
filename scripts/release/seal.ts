import { constants, publicEncrypt } from "node:crypto";

/**
 * Encrypts a short text (190 bytes at most) so that only the servers can read it, with the stack's RSA public key in PEM:
 * OAEP with SHA-256, base64url. Another text each time, for the same one too.
 */
export function sealForServers(publicKeyPem: string, text: string): string {
  const key = { key: publicKeyPem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  return publicEncrypt(key, Buffer.from(text)).toString("base64url");
}
