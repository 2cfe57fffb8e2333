import type { Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, param } from "../envelope.ts";
import type { R2Bucket } from "../model.ts";
import type { CloudState } from "../state.ts";

const ABORT_UPLOADS = {
  id: "Default Multipart Abort Rule",
  enabled: true,
  conditions: { prefix: "" },
  abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 604_800 } },
};
const Lifecycle = z.object({
  rules: z.array(z.looseObject({ id: z.string(), enabled: z.boolean() })).default([]),
});

/** R2 buckets (https://developers.cloudflare.com/api/resources/r2/subresources/buckets/). */
export function r2(api: Hono, state: CloudState): void {
  const base = "/accounts/:account/r2/buckets";
  const found = (name: string): R2Bucket => {
    const bucket = state.r2.get(name);
    if (!bucket) throw new ApiError(404, 10006, "The specified bucket does not exist.");
    return bucket;
  };
  const shown = ({ lifecycle: _, ...bucket }: R2Bucket) => bucket;
  api.get(base, (c) => ok(c, { buckets: state.r2.list().map(shown) }));
  api.post(base, async (c) => {
    const input = await body(
      c,
      z.object({
        name: z.string(),
        locationHint: z.string().optional(),
        storageClass: z.string().optional(),
      }),
      10015,
    );
    if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(input.name))
      throw new ApiError(400, 10005, "The specified bucket name is not valid.");
    if (state.r2.get(input.name))
      throw new ApiError(409, 10004, "The bucket you tried to create already exists, and you own it.");
    const bucket = state.r2.put(input.name, {
      name: input.name,
      creation_date: state.timestamp(),
      location: (input.locationHint ?? "WNAM").toUpperCase(),
      jurisdiction: c.req.header("cf-r2-jurisdiction") ?? "default",
      storage_class: input.storageClass ?? "Standard",
    });
    state.workersChanged();
    return ok(c, bucket);
  });
  api.get(`${base}/:name`, (c) => ok(c, shown(found(param(c, "name")))));
  api.patch(`${base}/:name`, (c) => {
    const bucket = found(param(c, "name"));
    const storage_class = c.req.header("cf-r2-storage-class") ?? bucket.storage_class;
    return ok(c, shown(state.r2.put(bucket.name, { ...bucket, storage_class })));
  });
  // A bucket is born with one rule, which ends uploads that nobody completes: https://developers.cloudflare.com/r2/buckets/object-lifecycles/
  api.get(`${base}/:name/lifecycle`, (c) =>
    ok(c, { rules: found(param(c, "name")).lifecycle ?? [ABORT_UPLOADS] }),
  );
  api.put(`${base}/:name/lifecycle`, async (c) => {
    const bucket = found(param(c, "name"));
    const { rules } = await body(c, Lifecycle, 10040);
    state.r2.put(bucket.name, { ...bucket, lifecycle: rules });
    return ok(c, {});
  });
  api.delete(`${base}/:name`, (c) => {
    state.r2.delete(found(param(c, "name")).name);
    state.workersChanged();
    return ok(c, {});
  });
}
