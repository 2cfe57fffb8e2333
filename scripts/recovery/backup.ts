import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { Checkpoint } from "../stack/checkpoint.ts";

/** How many backups a folder keeps of a stack; GitHub keeps each as an artifact of its run, with an expiry of its own. */
const KEPT = 20;

/**
 * A backup as it lies in its file. The state's own secrets are encrypted in it already; around them it has in plain text
 * what an attacker would like to know (addresses, hostnames, ids, who is in which list), so all of it is encrypted once more.
 */
const Sealed = z.object({
  schema: z.literal(1),
  kind: z.literal("state-backup"),
  stack: z.string(),
  takenAt: z.iso.datetime(),
  /** The commit whose update it was taken before. */
  sha: z.string(),
  cipher: z.literal("scrypt-32768-8-1 aes-256-gcm"),
  salt: z.base64(),
  nonce: z.base64(),
  tag: z.base64(),
  content: z.base64(),
});
type Sealed = z.infer<typeof Sealed>;

export interface Backup {
  stack: string;
  takenAt: string;
  sha: string;
  checkpoint: Checkpoint;
}

/** RFC 7914's parameters for interactive use of today: a tenth of a second, 32 MiB. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const KEY_BYTES = 32;

/** Writes an encrypted backup and gives its path; the oldest beyond {@link KEPT} are deleted. */
export function writeBackup(folder: string, backup: Backup, passphrase: string): string {
  const dir = join(folder, backup.stack);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${backup.takenAt.replaceAll(":", "")}-${backup.sha.slice(0, 7)}.state.json`);
  writeFileSync(`${file}.new`, `${JSON.stringify(seal(backup, passphrase))}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  for (const old of backupsOf(folder, backup.stack).slice(KEPT)) rmSync(old, { force: true });
  return file;
}

/** The files of a stack's backups, newest first. */
export function backupsOf(folder: string, stack: string): string[] {
  const dir = join(folder, stack);
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((name) => name.endsWith(".state.json"));
  return files
    .sort()
    .reverse()
    .map((name) => join(dir, name));
}

/** @throws UserError `backup-unreadable` where it is none, was changed, or was sealed with another passphrase */
export function readBackup(file: string, passphrase: string): Backup {
  const problem = (what: string, fix: string) =>
    new UserError("backup-unreadable", `${file} can't be opened: ${what}.`, fix, EXIT.usage);
  let sealed: Sealed;
  try {
    sealed = Sealed.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw problem(
      error instanceof z.ZodError ? "it is no backup of a state" : String(error),
      "Name the file of the artifact `state-<stack>`, unpacked; its name ends with .state.json.",
    );
  }
  const { stack, takenAt, sha } = sealed;
  try {
    return { stack, takenAt, sha, checkpoint: Checkpoint.parse(JSON.parse(open(sealed, passphrase))) };
  } catch {
    throw problem(
      "it was changed, or sealed with another passphrase",
      "PULUMI_CONFIG_PASSPHRASE must be the one that the stack had when the backup was taken.",
    );
  }
}

function seal({ stack, takenAt, sha, checkpoint }: Backup, passphrase: string): Sealed {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, KEY_BYTES, COST), nonce);
  cipher.setAAD(headOf({ stack, takenAt, sha }));
  const content = Buffer.concat([cipher.update(JSON.stringify(checkpoint)), cipher.final()]);
  return {
    schema: 1,
    kind: "state-backup",
    stack,
    takenAt,
    sha,
    cipher: "scrypt-32768-8-1 aes-256-gcm",
    salt: salt.toString("base64"),
    nonce: nonce.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    content: content.toString("base64"),
  };
}

function open(sealed: Sealed, passphrase: string): string {
  const bytes = (text: string) => Buffer.from(text, "base64");
  const key = scryptSync(passphrase, bytes(sealed.salt), KEY_BYTES, COST);
  const decipher = createDecipheriv("aes-256-gcm", key, bytes(sealed.nonce));
  decipher.setAAD(headOf(sealed));
  decipher.setAuthTag(bytes(sealed.tag));
  return Buffer.concat([decipher.update(bytes(sealed.content)), decipher.final()]).toString();
}

/** What stands outside in plain text is held by the seal all the same: nobody passes dev's state off as prod's. */
function headOf({ stack, takenAt, sha }: Pick<Sealed, "stack" | "takenAt" | "sha">): Buffer {
  return Buffer.from(JSON.stringify([stack, takenAt, sha]));
}
