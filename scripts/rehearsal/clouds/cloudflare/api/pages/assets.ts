import type { Hono } from "hono";
import { z } from "zod";
import { body, ok } from "../../envelope.ts";
import type { CloudState } from "../../state.ts";
import { checkToken } from "./upload-token.ts";

const Hashes = z.object({ hashes: z.array(z.string()) });
const Files = z.array(
  z.object({
    key: z.string(),
    value: z.string(),
    base64: z.boolean().default(false),
    metadata: z.object({ contentType: z.string() }),
  }),
);

/** The asset store of Pages: wrangler asks what is missing, sends that, and never sends a file twice. */
export function pagesAssets(api: Hono, state: CloudState): void {
  api.post("/pages/assets/check-missing", async (c) => {
    checkToken(state, c.req.header("authorization"));
    const { hashes } = await body(c, Hashes, 8000000);
    return ok(
      c,
      hashes.filter((hash) => !state.pagesAssets.get(hash)),
    );
  });
  api.post("/pages/assets/upload", async (c) => {
    checkToken(state, c.req.header("authorization"));
    const files = await body(c, Files, 8000000);
    for (const file of files)
      state.pagesAssets.put(file.key, {
        blob: state.blobs.put(Buffer.from(file.value, file.base64 ? "base64" : "utf8")),
        contentType: file.metadata.contentType,
      });
    return ok(c, { successful_key_count: files.length, unsuccessful_keys: [] });
  });
  api.post("/pages/assets/upsert-hashes", async (c) => {
    checkToken(state, c.req.header("authorization"));
    await body(c, Hashes, 8000000);
    return ok(c, null);
  });
}
