import { z } from "zod";
import { type RestApi, restApi } from "./rest.ts";

const Refused = z.object({ messages: z.array(z.string()) });

/** Doppler's API v3 (https://docs.doppler.com/reference/api); `host` is without `/v3`, as Doppler's own programs take it. */
export function dopplerApi(token: string, host = "https://api.doppler.com"): RestApi {
  return restApi({
    name: "Doppler",
    baseUrl: `${host}/v3`,
    headers: { authorization: `Bearer ${token}` },
    statusPage: "https://www.dopplerstatus.com",
    refusal: (body) => ({ message: Refused.safeParse(body).data?.messages.join("; ") }),
  });
}
