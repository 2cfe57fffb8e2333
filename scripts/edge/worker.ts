import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { contentHash as hashContent } from "./content-hash.ts";
import type { WorkerSource } from "./parts.ts";
import { sourceHash } from "./source-hash.ts";
import { type WorkerOutputs, workerConfig } from "./worker-config.ts";
import type { Wrangler } from "./wrangler.ts";

const DeployEntry = z.object({
  type: z.enum(["deploy", "version-upload"]),
  worker_name: z.string(),
  version_id: z.string(),
});

/** Cloudflare's limit for the message of a version and of a deployment. */
const MESSAGE_MAX = 100;

/** What is live of one Worker after a deployment. */
export interface DeployedWorker {
  scriptName: string;
  versionId: string;
  contentHash: string;
  /** Of its sources alone, the same on every stack. */
  sourceHash?: string | undefined;
  /** A keyed hash over its secrets; apart, since a preview may not know them. */
  secretsHash: string;
}

/** What a Worker gets besides its code: secrets by binding name, and the key that hashes them for the content hash. */
export interface WorkerSecrets {
  values: Record<string, string>;
  hashKey: string;
}

/**
 * The hash of what decides what a Worker does, but for its secrets: its sources, the locked versions of what it imports,
 * and the configuration that the stack's outputs give it.
 */
export function workerHash(worker: WorkerSource, outputs: WorkerOutputs): string {
  const config = workerConfig(worker, outputs);
  return hashContent({
    dir: worker.dir,
    also: [
      readFileSync(worker.lockFile),
      // Where the files are differs from machine to machine, what is in them does not.
      JSON.stringify({ ...config, main: worker.config.main, assets: worker.config.assets }),
    ],
  });
}

export function secretsHash({ values, hashKey }: WorkerSecrets): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac("sha256", hashKey).update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
}

/**
 * Deploys a Worker with wrangler to all of its traffic, bindings and routes from the stack's outputs.
 *
 * @param settings Settings of wrangler that take the place of the Worker's own.
 * @param command wrangler's own, for a version that gets no traffic yet.
 */
export async function deployWorker(
  worker: WorkerSource,
  outputs: WorkerOutputs,
  wrangler: Wrangler,
  secrets: WorkerSecrets,
  release: { id: string; message: string },
  settings: Record<string, unknown> = {},
  command: readonly string[] = ["deploy"],
): Promise<DeployedWorker> {
  const config = { ...workerConfig(worker, outputs), ...settings };
  // Of what goes out now, whatever somebody saves meanwhile.
  const contentHash = workerHash(worker, outputs);
  const file = configFile(worker, config.name);
  writeFileSync(file, JSON.stringify(config, undefined, 2));

  const entries = await withSecretsFile(secrets.values, (secretsFile) =>
    wrangler.run(
      [
        ...command,
        "--config",
        file,
        ...(secretsFile ? ["--secrets-file", secretsFile] : []),
        "--tag",
        release.id,
        "--message",
        release.message.slice(0, MESSAGE_MAX),
      ],
      outputs.accountId,
    ),
  );
  const entry = entries
    .map((line) => DeployEntry.safeParse(line).data)
    .find((each) => each?.worker_name === config.name);
  if (!entry) {
    throw new UserError(
      "wrangler-silent",
      `wrangler deployed ${worker.name} but reported no version id.`,
      "Look at the Worker's deployments in the dashboard, then run the deploy again.",
    );
  }
  return {
    scriptName: config.name,
    versionId: entry.version_id,
    contentHash,
    sourceHash: sourceHash(worker),
    secretsHash: secretsHash(secrets),
  };
}

/** Where the configuration is that a Worker was last deployed with. */
export function configFile(worker: WorkerSource, scriptName: string): string {
  const folder = join(worker.dir, ".wrangler", "deploy");
  mkdirSync(folder, { recursive: true });
  return join(folder, `${scriptName}.json`);
}

/**
 * Gives all of a Worker's traffic to an earlier version, with the secrets that it had then: `wrangler rollback` and not
 * `versions deploy`, which Cloudflare refuses (10220) once a secret has changed.
 */
export async function restoreWorker(
  wrangler: Wrangler,
  target: { scriptName: string; versionId: string; accountId: string; message: string },
): Promise<void> {
  const { scriptName, versionId, accountId } = target;
  const message = target.message.slice(0, MESSAGE_MAX);
  await wrangler.run(["rollback", versionId, "--name", scriptName, "--message", message, "--yes"], accountId);
}

/**
 * wrangler takes secrets for a deployment only from a file. It is in memory where the system has a memory file system,
 * only this user can read it, and it is gone as soon as wrangler is done.
 */
async function withSecretsFile<T>(
  values: Record<string, string>,
  work: (file: string | undefined) => Promise<T>,
): Promise<T> {
  if (Object.keys(values).length === 0) return work(undefined);
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "deploy-"));
  const file = join(folder, "secrets.json");
  try {
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
    return await work(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
