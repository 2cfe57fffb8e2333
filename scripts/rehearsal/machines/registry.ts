import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A blob of the registry: in memory, or a file. */
type Blob = { type: string; data: Buffer } | { type: string; file: string };

/**
 * A registry that only gives: manifests and blobs by digest, as Docker pulls them
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pull).
 */
export class Registry {
  readonly #blobs = new Map<string, Blob>();
  /** Answers 503 while it is true. */
  down = false;

  /** Keeps some bytes; their digest. */
  add(type: string, data: Buffer): string {
    const digest = `sha256:${createHash("sha256").update(data).digest("hex")}`;
    this.#blobs.set(digest, { type, data });
    return digest;
  }

  addFile(type: string, file: string, digest: string): void {
    this.#blobs.set(digest, { type, file });
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader("docker-distribution-api-version", "registry/2.0");
    if (this.down) return void response.writeHead(503).end();
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (path === "/v2/") return void response.writeHead(200).end("{}");
    const digest = /\/(?:manifests|blobs)\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1];
    const blob = digest === undefined ? undefined : this.#blobs.get(digest);
    if (digest === undefined || blob === undefined || ("file" in blob && !existsSync(blob.file))) {
      const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
      return void response
        .writeHead(404, { "content-type": "application/json" })
        .end(JSON.stringify({ errors }));
    }
    const size = "file" in blob ? statSync(blob.file).size : blob.data.length;
    response.writeHead(200, {
      "content-type": blob.type,
      "content-length": size,
      "docker-content-digest": digest,
    });
    if (request.method === "HEAD") return void response.end();
    if ("file" in blob) createReadStream(blob.file).pipe(response);
    else response.end(blob.data);
  }
}

/** The digest of a file's bytes. */
export function digestOf(file: string): string {
  return `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
}
