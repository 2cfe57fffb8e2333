import type { Context, Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import { hexId } from "../ids.ts";
import type { DnsRecord, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";
import { checkConflicts, RecordInput, validated } from "./dns-record.ts";

const Patch = RecordInput.partial();
type Patch = z.infer<typeof Patch>;
const Identified = z.object({ id: z.string() });
const Batch = z.object({
  deletes: z.array(Identified).nullish(),
  patches: z.array(Patch.extend({ id: z.string() })).nullish(),
  puts: z.array(RecordInput.extend({ id: z.string() })).nullish(),
  posts: z.array(RecordInput).nullish(),
});

/** Free zones made after September 2024: https://developers.cloudflare.com/dns/manage-dns-records/#limits */
const QUOTA = { free: 200, pro: 3500 };

/** DNS records of a zone (https://developers.cloudflare.com/api/resources/dns/subresources/records/). */
export function dns(api: Hono, state: CloudState): void {
  const found = (zone: Zone, id: string): DnsRecord => {
    const record = state.dns(zone.id).get(id);
    if (!record) throw new ApiError(404, 81044, "Record does not exist.");
    return record;
  };

  const create = (zone: Zone, input: RecordInput): DnsRecord => {
    const records = state.dns(zone.id).list();
    if (records.length >= QUOTA[zone.plan]) throw new ApiError(400, 81045, "Record quota exceeded.");
    const record = validated(zone, input);
    checkConflicts(record, records);
    const now = state.timestamp();
    const id = hexId();
    return state.dns(zone.id).put(id, { id, ...record, created_on: now, modified_on: now });
  };

  const replace = (zone: Zone, before: DnsRecord, input: RecordInput): DnsRecord => {
    const record = validated(zone, input);
    checkConflicts(
      record,
      state
        .dns(zone.id)
        .list()
        .filter((other) => other.id !== before.id),
    );
    return state.dns(zone.id).put(before.id, {
      id: before.id,
      ...record,
      created_on: before.created_on,
      modified_on: state.timestamp(),
      ...(record.comment === before.comment ? {} : { comment_modified_on: state.timestamp() }),
    });
  };

  const patch = (zone: Zone, before: DnsRecord, changes: Patch): DnsRecord =>
    replace(zone, before, {
      ...before,
      // `data` and `content` say the same thing: a new one of either takes the other's place.
      ...(changes.content !== undefined && changes.data == null ? { data: undefined } : {}),
      ...(changes.data != null && changes.content === undefined ? { content: undefined } : {}),
      ...changes,
    });

  const remove = (zone: Zone, id: string): { id: string } => {
    const record = found(zone, id);
    state.dns(zone.id).delete(record.id);
    return { id: record.id };
  };

  api.get("/zones/:zone/dns_records", (c) => {
    const zone = state.zone(param(c, "zone"));
    return page(c, filtered(c, state.dns(zone.id).list()), 100, 5000);
  });
  api.post("/zones/:zone/dns_records", async (c) => {
    const zone = state.zone(param(c, "zone"));
    return ok(c, create(zone, await body(c, RecordInput)));
  });
  api.post("/zones/:zone/dns_records/batch", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const batch = await body(c, Batch);
    // Cloudflare's own order: deletes, patches, puts, posts; all or nothing.
    const result = state.store.transaction(() => ({
      deletes: batch.deletes?.map(({ id }) => remove(zone, id)) ?? null,
      patches: batch.patches?.map((item) => patch(zone, found(zone, item.id), item)) ?? null,
      puts: batch.puts?.map((item) => replace(zone, found(zone, item.id), item)) ?? null,
      posts: batch.posts?.map((item) => create(zone, item)) ?? null,
    }));
    return ok(c, result);
  });
  api.get("/zones/:zone/dns_records/:id", (c) => ok(c, found(state.zone(param(c, "zone")), param(c, "id"))));
  api.put("/zones/:zone/dns_records/:id", async (c) => {
    const zone = state.zone(param(c, "zone"));
    return ok(c, replace(zone, found(zone, param(c, "id")), await body(c, RecordInput)));
  });
  api.patch("/zones/:zone/dns_records/:id", async (c) => {
    const zone = state.zone(param(c, "zone"));
    return ok(c, patch(zone, found(zone, param(c, "id")), await body(c, Patch)));
  });
  api.delete("/zones/:zone/dns_records/:id", (c) =>
    ok(c, remove(state.zone(param(c, "zone")), param(c, "id"))),
  );
}

const COMPARISONS = {
  exact: (value: string, wanted: string) => value === wanted,
  contains: (value: string, wanted: string) => value.includes(wanted),
  startswith: (value: string, wanted: string) => value.startsWith(wanted),
  endswith: (value: string, wanted: string) => value.endsWith(wanted),
};

function filtered(c: Context, records: DnsRecord[]): DnsRecord[] {
  const tests: ((record: DnsRecord) => boolean)[] = [];
  for (const field of ["name", "type", "content", "comment"] as const) {
    const value = (record: DnsRecord) => String(record[field] ?? "").toLowerCase();
    const plain = c.req.query(field)?.toLowerCase();
    if (plain !== undefined) tests.push((record) => value(record) === plain);
    for (const [name, compare] of Object.entries(COMPARISONS)) {
      const wanted = (c.req.query(`${field}.${name}`) ?? c.req.query(`${field}[${name}]`))?.toLowerCase();
      if (wanted !== undefined) tests.push((record) => compare(value(record), wanted));
    }
  }
  const proxied = c.req.query("proxied");
  if (proxied !== undefined) tests.push((record) => String(record.proxied) === proxied);
  if (tests.length === 0) return records;
  const any = c.req.query("match") === "any";
  return records.filter((record) =>
    any ? tests.some((test) => test(record)) : tests.every((test) => test(record)),
  );
}
