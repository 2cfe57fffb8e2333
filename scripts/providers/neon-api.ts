import { z } from "zod";
import { type RestApi, restApi } from "./rest.ts";

const Refused = z.object({ code: z.string().optional(), message: z.string() });

/** Neon's API v2 (https://api-docs.neon.tech). */
export function neonApi(key: string, baseUrl = "https://console.neon.tech/api/v2"): RestApi {
  return restApi({
    name: "Neon",
    baseUrl,
    headers: { authorization: `Bearer ${key}` },
    statusPage: "https://neonstatus.com",
    refusal: (body) => Refused.safeParse(body).data ?? {},
  });
}
