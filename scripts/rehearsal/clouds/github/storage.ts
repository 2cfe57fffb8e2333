import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { notFound } from "./errors.ts";
import type { Api, Hub } from "./hub.ts";

/** What a stored file is: its bytes stand in `<world>/github/storage/<kind>-<id>`. */
export type StorageKind = "asset" | "artifact";

/** Keeps the bytes; whole or not at all, even over a crash. Returns their SHA-256 in hex. */
export async function keep(hub: Hub, kind: StorageKind, id: number, bytes: Uint8Array): Promise<string> {
  const folder = join(hub.world, "github", "storage");
  await mkdir(folder, { recursive: true });
  const target = join(folder, `${kind}-${id}`);
  await writeFile(`${target}.part`, bytes);
  await rename(`${target}.part`, target);
  return createHash("sha256").update(bytes).digest("hex");
}

export async function forget(hub: Hub, kind: StorageKind, id: number): Promise<void> {
  await rm(join(hub.world, "github", "storage", `${kind}-${id}`), { force: true });
}

/** An address that needs no token, like the storage addresses that GitHub redirects downloads to. */
export function signedUrl(hub: Hub, kind: StorageKind, id: number, contentType: string): string {
  const query = new URLSearchParams({ type: contentType, sig: signature(hub, kind, id, contentType) });
  return `${hub.url()}/_storage/${kind}/${id}?${query}`;
}

function signature(hub: Hub, kind: StorageKind, id: number, contentType: string): string {
  return createHmac("sha256", hub.world).update(`${kind}/${id}/${contentType}`).digest("hex");
}

export function storageRoutes(api: Api, hub: Hub): void {
  api.get("/_storage/:kind/:id", async (c) => {
    const kind = c.req.param("kind");
    const id = Number(c.req.param("id"));
    const type = c.req.query("type") ?? "";
    if ((kind !== "asset" && kind !== "artifact") || !Number.isInteger(id)) throw notFound();
    const given = Buffer.from(c.req.query("sig") ?? "");
    const wanted = Buffer.from(signature(hub, kind, id, type));
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return c.body("forbidden", 403);
    const bytes = await readFile(join(hub.world, "github", "storage", `${kind}-${id}`)).catch(() => {
      throw notFound();
    });
    return c.body(new Uint8Array(bytes), 200, { "content-type": type });
  });
}
