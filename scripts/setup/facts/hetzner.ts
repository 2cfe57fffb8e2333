import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { hetznerPreviewToken, hetznerToken } from "../questions/hetzner.ts";

export async function hetzner(bench: Bench, purpose: "read" | "write"): Promise<RestApi> {
  return clients.hetzner(bench, await bench.ask(purpose === "write" ? hetznerToken : hetznerPreviewToken));
}

const ServerTypes = z.object({
  server_types: z.array(
    z.object({
      name: z.string(),
      cores: z.number(),
      memory: z.number(),
      locations: z
        .array(
          z.object({
            name: z.string(),
            available: z.boolean().optional(),
            deprecation: z.unknown().nullish(),
          }),
        )
        .default([]),
      prices: z.array(z.object({ location: z.string(), price_monthly: z.object({ net: z.string() }) })),
    }),
  ),
});

/** A server type as a location offers it today. */
export interface OfferedType {
  name: string;
  cores: number;
  /** In GB. */
  memory: number;
  /** A month, without VAT, in the account's currency. */
  price: number;
  /** Whether new servers of it can be had right now; undefined where Hetzner does not say. */
  available: boolean | undefined;
}

/** What a location offers, the cheapest first. */
export function offeredTypes(bench: Bench, location: string): Promise<OfferedType[]> {
  return bench.fact(`server-types-${location}`, async () => {
    const api = await hetzner(bench, "read");
    const { server_types } = await api.call("GET", "/server_types?per_page=50", ServerTypes);
    return server_types
      .flatMap(({ name, cores, memory, locations, prices }) => {
        const place = locations.find((each) => each.name === location);
        const price = prices.find((each) => each.location === location);
        if (!price || !place || place.deprecation) return [];
        const net = Number(price.price_monthly.net);
        return [{ name, cores, memory, price: net, available: place.available }];
      })
      .sort((a, b) => a.price - b.price);
  });
}
