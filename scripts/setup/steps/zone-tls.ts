import { z } from "zod";
import { resultOf } from "../../providers/cloudflare-api.ts";
import { cloudflare, zone, zoneSetting } from "../facts/cloudflare.ts";
import type { Step } from "../step.ts";

const OriginPulls = resultOf(z.object({ enabled: z.boolean() }));

/**
 * The stack that owns the zone sets both again and keeps them; it is brought up last, and the other stacks' servers refuse
 * whoever does not show Cloudflare's certificate.
 */
export const zoneTlsStep: Step = {
  name: "zone-tls",
  title: "TLS between Cloudflare and the servers",
  purpose:
    "Servers let in nobody but Cloudflare, which shows a certificate. If this domain serves other origins already, see first that they have certificates too.",
  async find(bench) {
    const { id } = await zone(bench);
    const api = await cloudflare(bench, "write");
    const pulls = `/zones/${id}/origin_tls_client_auth/settings`;
    const [ssl, { enabled }] = await Promise.all([
      zoneSetting(api, id, "ssl"),
      api.call("GET", pulls, OriginPulls),
    ]);
    return [
      ...(ssl === "strict"
        ? []
        : [
            {
              tells: `set the zone's encryption mode to Full (strict); it is ${String(ssl)}`,
              do: () => api.call("PATCH", `/zones/${id}/settings/ssl`, z.unknown(), { value: "strict" }),
            },
          ]),
      ...(enabled
        ? []
        : [
            {
              tells: "switch Authenticated Origin Pulls on",
              do: () => api.call("PUT", pulls, z.unknown(), { enabled: true }),
            },
          ]),
    ];
  },
};
