import { z } from "zod";
import { type RestApi, restApi } from "./rest.ts";

const Refused = z.object({ errors: z.array(z.object({ code: z.number(), message: z.string() })).min(1) });

/** Cloudflare's API v4, envelope and all (https://developers.cloudflare.com/api/); `baseUrl` ends with `/client/v4`. */
export function cloudflareApi(token: string, baseUrl = "https://api.cloudflare.com/client/v4"): RestApi {
  return restApi({
    name: "Cloudflare",
    baseUrl,
    headers: { authorization: `Bearer ${token}` },
    statusPage: "https://www.cloudflarestatus.com",
    refusal(body) {
      const errors = Refused.safeParse(body).data?.errors ?? [];
      return {
        code: errors.map(({ code }) => code).join(", "),
        message: errors.map(({ message }) => message).join("; "),
      };
    },
  });
}

/** What a successful answer has inside its envelope. */
export function resultOf<T>(schema: z.ZodType<T>) {
  return z.object({ result: schema }).transform(({ result }) => result);
}
