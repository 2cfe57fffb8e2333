import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Encrypts what a cloud keeps of secrets, with a key of its own in `<world>/<cloud>.key`. */
export interface Vault {
  encrypt(plaintext: string): string;
  /** Undefined for what was not encrypted with this key. */
  decrypt(ciphertext: string): string | undefined;
}

const MARK = Buffer.from("qv01");

export function openVault(world: string, cloud: string): Vault {
  const key = keyOf(join(world, `${cloud}.key`));
  return {
    encrypt(plaintext) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const data = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
      return Buffer.concat([MARK, iv, cipher.getAuthTag(), data]).toString("base64");
    },
    decrypt(ciphertext) {
      const bytes = Buffer.from(ciphertext, "base64");
      if (bytes.length < 32 || !bytes.subarray(0, 4).equals(MARK)) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(4, 16));
      decipher.setAuthTag(bytes.subarray(16, 32));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(32)), decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
}

function keyOf(path: string): Buffer {
  try {
    writeFileSync(path, randomBytes(32).toString("base64"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return Buffer.from(readFileSync(path, "utf8"), "base64");
}
