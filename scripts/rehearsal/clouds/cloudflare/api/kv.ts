import type { Hono } from "hono";
import { z } from "zod";
import type { Storage } from "../edge/storage.ts";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import { hexId } from "../ids.ts";
import type { KvNamespace } from "../model.ts";
import type { CloudState } from "../state.ts";

const Title = z.object({ title: z.string().min(1) });
const Pair = z.object({
  key: z.string(),
  value: z.string(),
  base64: z.boolean().default(false),
  expiration: z.number().optional(),
  expiration_ttl: z.number().optional(),
  metadata: z.unknown().optional(),
});
const Keys = z.array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]));

/** Workers KV (https://developers.cloudflare.com/api/resources/kv/); values live where the Workers see them. */
export function kv(api: Hono, state: CloudState, storage: Storage): void {
  const base = "/accounts/:account/storage/kv/namespaces";
  const found = (id: string): KvNamespace => {
    const namespace = state.kv.get(id);
    if (!namespace)
      throw new ApiError(404, 10013, "namespace not found: The specified namespace does not exist.");
    return namespace;
  };
  const unique = (title: string, except?: string) => {
    if (state.kv.list().some((other) => other.title === title && other.id !== except))
      throw new ApiError(400, 10014, "a namespace with this account ID and title already exists");
  };

  api.get(base, (c) => page(c, state.kv.list(), 20, 1000));
  api.post(base, async (c) => {
    const { title } = await body(c, Title, 10011);
    unique(title);
    const id = hexId();
    const namespace = state.kv.put(id, { id, title, supports_url_encoding: true });
    state.workersChanged();
    return ok(c, namespace);
  });
  api.get(`${base}/:id`, (c) => ok(c, found(param(c, "id"))));
  api.put(`${base}/:id`, async (c) => {
    const namespace = found(param(c, "id"));
    const { title } = await body(c, Title, 10011);
    unique(title, namespace.id);
    return ok(c, state.kv.put(namespace.id, { ...namespace, title }));
  });
  api.delete(`${base}/:id`, (c) => {
    state.kv.delete(found(param(c, "id")).id);
    state.workersChanged();
    return ok(c, null);
  });

  api.get(`${base}/:id/keys`, async (c) => {
    const namespace = await storage.kv(found(param(c, "id")).id);
    const limit = Number(c.req.query("limit") ?? 1000);
    const list = await namespace.list({
      limit,
      prefix: c.req.query("prefix"),
      cursor: c.req.query("cursor") || undefined,
    });
    return ok(c, list.keys, { count: list.keys.length, cursor: list.list_complete ? "" : list.cursor });
  });
  api.get(`${base}/:id/values/:key{.+}`, async (c) => {
    const namespace = await storage.kv(found(param(c, "id")).id);
    const value = await namespace.get(param(c, "key"), "arrayBuffer");
    if (value === null) throw new ApiError(404, 10009, "get: 'key not found'");
    return new Response(value, { headers: { "content-type": "application/octet-stream" } });
  });
  api.put(`${base}/:id/values/:key{.+}`, async (c) => {
    const namespace = await storage.kv(found(param(c, "id")).id);
    const multipart = c.req.header("content-type")?.startsWith("multipart/form-data");
    const form = multipart ? await c.req.formData() : undefined;
    const field = form?.get("value");
    const value =
      form === undefined
        ? await c.req.arrayBuffer()
        : typeof field === "string"
          ? field
          : ((await field?.arrayBuffer()) ?? "");
    const metadata = form?.get("metadata");
    const ttl = c.req.query("expiration_ttl");
    const expiration = c.req.query("expiration");
    await namespace.put(param(c, "key"), value, {
      ...(ttl ? { expirationTtl: Number(ttl) } : {}),
      ...(expiration ? { expiration: Number(expiration) } : {}),
      ...(typeof metadata === "string" ? { metadata: JSON.parse(metadata) } : {}),
    });
    return ok(c, null);
  });
  api.delete(`${base}/:id/values/:key{.+}`, async (c) => {
    await (await storage.kv(found(param(c, "id")).id)).delete(param(c, "key"));
    return ok(c, null);
  });
  api.put(`${base}/:id/bulk`, async (c) => {
    const namespace = await storage.kv(found(param(c, "id")).id);
    const pairs = await body(c, z.array(Pair), 10012);
    for (const pair of pairs)
      await namespace.put(pair.key, pair.base64 ? Buffer.from(pair.value, "base64") : pair.value, {
        ...(pair.expiration_ttl ? { expirationTtl: pair.expiration_ttl } : {}),
        ...(pair.expiration ? { expiration: pair.expiration } : {}),
        ...(pair.metadata === undefined ? {} : { metadata: pair.metadata }),
      });
    return ok(c, { successful_key_count: pairs.length, unsuccessful_keys: [] });
  });
  const removeMany = async (id: string, keys: string[]) => {
    const namespace = await storage.kv(found(id).id);
    for (const key of keys) await namespace.delete(key);
    return { successful_key_count: keys.length, unsuccessful_keys: [] };
  };
  api.post(`${base}/:id/bulk/delete`, async (c) =>
    ok(c, await removeMany(param(c, "id"), await body(c, Keys, 10012))),
  );
  api.delete(`${base}/:id/bulk`, async (c) =>
    ok(c, await removeMany(param(c, "id"), await body(c, Keys, 10012))),
  );
}
