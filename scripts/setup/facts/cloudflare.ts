import { z } from "zod";
import { resultOf } from "../../providers/cloudflare-api.ts";
import type { RestApi } from "../../providers/rest.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { cloudflarePreviewToken, cloudflareToken } from "../questions/cloudflare.ts";
import { domain } from "../questions/stacks.ts";
import { findZone, type Zone } from "../tokens/cloudflare.ts";

export async function cloudflare(bench: Bench, purpose: "read" | "write"): Promise<RestApi> {
  return clients.cloudflare(
    bench,
    await bench.ask(purpose === "write" ? cloudflareToken : cloudflarePreviewToken),
  );
}

/** The domain's zone. The token was looked at before, so that it is there. */
export function zone(bench: Bench): Promise<Zone> {
  return bench.fact("zone", async () => {
    const name = await bench.ask(domain);
    const found = (await findZone(await cloudflare(bench, "write"), name)).zone;
    if (!found) throw new Error(`the zone ${name} was there a moment ago`);
    return found;
  });
}

const Setting = resultOf(z.object({ value: z.unknown() }));

/** One setting of a zone. */
export async function zoneSetting(api: RestApi, zoneId: string, name: string): Promise<unknown> {
  return (await api.call("GET", `/zones/${zoneId}/settings/${name}`, Setting)).value;
}
