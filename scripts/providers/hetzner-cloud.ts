import { z } from "zod";
import { type RestApi, restApi } from "./rest.ts";

const Refused = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Hetzner Cloud's API v1 (https://docs.hetzner.cloud/reference/cloud). */
export function hetznerCloud(token: string, baseUrl = "https://api.hetzner.cloud/v1"): RestApi {
  return restApi({
    name: "Hetzner Cloud",
    baseUrl,
    headers: { authorization: `Bearer ${token}` },
    statusPage: "https://status.hetzner.com",
    refusal: (body) => Refused.safeParse(body).data?.error ?? {},
  });
}
