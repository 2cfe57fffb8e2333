import { z } from "zod";
import type { Catalogue } from "../change/cost.ts";
import { UserError } from "../errors.ts";
import { reasonOf, request } from "./request.ts";

const Price = z.object({ location: z.string(), price_monthly: z.object({ net: z.string() }) });
/** `GET /pricing`, https://docs.hetzner.cloud/reference/cloud#pricing */
const Pricing = z.object({
  pricing: z.object({
    currency: z.string(),
    server_types: z.array(z.object({ name: z.string(), prices: z.array(Price) })),
    load_balancer_types: z.array(z.object({ name: z.string(), prices: z.array(Price) })).default([]),
    primary_ips: z.array(z.object({ type: z.string(), prices: z.array(Price) })),
    volume: z.object({ price_per_gb_month: z.object({ net: z.string() }) }),
    server_backup: z.object({ percentage: z.string() }),
  }),
});

/**
 * What everything costs a month by Hetzner's live price list, net of VAT, in the account's currency (cents).
 *
 * @throws UserError `hetzner-refused`, `hetzner-unreachable`
 */
export async function readCatalogue(
  token: string,
  now: Date,
  plans: Catalogue["plans"],
  endpoint = "https://api.hetzner.cloud/v1",
): Promise<Catalogue> {
  const response = await request(`${endpoint}/pricing`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch((cause: unknown) => {
    throw new UserError(
      "hetzner-unreachable",
      `Hetzner does not answer when asked for its prices: ${reasonOf(cause)}.`,
      "Check the network and HCLOUD_ENDPOINT, then run the command again.",
      1,
      { cause },
    );
  });
  if (!response.ok) {
    throw new UserError(
      "hetzner-refused",
      `Hetzner answered ${response.status} when asked for its prices.`,
      response.status === 401
        ? "Check HCLOUD_TOKEN: it must be an API token of this project that still exists."
        : "Run the command again; if it stays, look at status.hetzner.com.",
    );
  }
  const { pricing } = Pricing.parse(await response.json());
  const byLocation = (prices: z.infer<typeof Price>[]) =>
    Object.fromEntries(
      prices.map(({ location, price_monthly }) => [location, Number(price_monthly.net) * 100]),
    );
  const currency = pricing.currency === "USD" ? "" : `, in ${pricing.currency}`;
  return {
    source: `Hetzner's price list of ${now.toISOString().slice(0, 10)}, without VAT${currency}`,
    serverTypes: Object.fromEntries(
      pricing.server_types.map(({ name, prices }) => [name, byLocation(prices)]),
    ),
    volumeGigabyte: { "*": Number(pricing.volume.price_per_gb_month.net) * 100 },
    primaryIp: Object.fromEntries(pricing.primary_ips.map(({ type, prices }) => [type, byLocation(prices)])),
    loadBalancerTypes: Object.fromEntries(
      pricing.load_balancer_types.map(({ name, prices }) => [name, byLocation(prices)]),
    ),
    backupPercent: Number(pricing.server_backup.percentage),
    plans,
  };
}
