import { z } from "zod";
import { type RestApi, restApi } from "./rest.ts";

const Refused = z.object({ message: z.string() });

/** Pulumi Cloud's API (https://www.pulumi.com/docs/reference/cloud-rest-api/); `host` is without `/api`. */
export function pulumiCloud(token: string, host = "https://api.pulumi.com"): RestApi {
  return restApi({
    name: "Pulumi Cloud",
    baseUrl: `${host}/api`,
    headers: { authorization: `token ${token}`, accept: "application/vnd.pulumi+8" },
    statusPage: "https://status.pulumi.com",
    refusal: (body) => Refused.safeParse(body).data ?? {},
  });
}
