import type { Hono } from "hono";
import { z } from "zod";
import type { EdgeCache } from "../edge/cache.ts";
import { ApiError, body, ok, param } from "../envelope.ts";
import type { CloudState } from "../state.ts";

const Purge = z.object({
  purge_everything: z.boolean().optional(),
  files: z.array(z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)])).optional(),
  hosts: z.array(z.string()).optional(),
  prefixes: z.array(z.string()).optional(),
});

/** https://developers.cloudflare.com/api/resources/cache/methods/purge/ */
export function purgeCache(api: Hono, state: CloudState, cache: EdgeCache): void {
  api.post("/zones/:zone/purge_cache", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const { purge_everything, ...what } = await body(c, Purge, 1012);
    if (!purge_everything && Object.keys(what).length === 0)
      throw new ApiError(
        400,
        1012,
        'Request must contain one of "purge_everything", "files", "tags", "hosts" or "prefixes"',
      );
    cache.purge(zone, { ...what, ...(purge_everything ? { everything: true } : {}) });
    return ok(c, { id: zone.id });
  });
}
