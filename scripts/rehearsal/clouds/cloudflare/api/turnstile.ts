import type { Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import { hexId } from "../ids.ts";
import type { CloudState } from "../state.ts";

const Widget = z.object({
  name: z.string(),
  domains: z.array(z.string()),
  mode: z.enum(["non-interactive", "invisible", "managed"]),
  bot_fight_mode: z.boolean().default(false),
  clearance_level: z.string().default("no_clearance"),
  ephemeral_id: z.boolean().default(false),
  offlabel: z.boolean().default(false),
  region: z.string().default("world"),
});
type Stored = z.infer<typeof Widget> & {
  sitekey: string;
  secret: string;
  created_on: string;
  modified_on: string;
};

/** Turnstile widgets (https://developers.cloudflare.com/api/resources/turnstile/). */
export function turnstile(api: Hono, state: CloudState): void {
  const base = "/accounts/:account/challenges/widgets";
  const widgets = state.store.collection<Stored>("turnstile");
  const found = (sitekey: string): Stored => {
    const widget = widgets.get(sitekey);
    if (!widget) throw new ApiError(404, 10404, "widget not found");
    return widget;
  };
  const newSecret = () => `0x4AAAAAAA${hexId().slice(0, 25)}`;
  // Lists leave the secret out.
  api.get(base, (c) =>
    page(
      c,
      widgets.list().map(({ secret: _, ...widget }) => widget),
      25,
    ),
  );
  api.post(base, async (c) => {
    const input = await body(c, Widget, 10400);
    const sitekey = `0x4AAAAAAA${hexId().slice(0, 14)}`;
    const now = state.timestamp();
    return ok(
      c,
      widgets.put(sitekey, { ...input, sitekey, secret: newSecret(), created_on: now, modified_on: now }),
    );
  });
  api.get(`${base}/:sitekey`, (c) => ok(c, found(param(c, "sitekey"))));
  api.put(`${base}/:sitekey`, async (c) => {
    const widget = found(param(c, "sitekey"));
    const input = await body(c, Widget, 10400);
    return ok(c, widgets.put(widget.sitekey, { ...widget, ...input, modified_on: state.timestamp() }));
  });
  api.post(`${base}/:sitekey/rotate_secret`, (c) => {
    const widget = found(param(c, "sitekey"));
    return ok(c, widgets.put(widget.sitekey, { ...widget, secret: newSecret() }));
  });
  api.delete(`${base}/:sitekey`, (c) => {
    const widget = found(param(c, "sitekey"));
    widgets.delete(widget.sitekey);
    return ok(c, widget);
  });
}
