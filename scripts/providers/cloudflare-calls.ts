import { z } from "zod";
import { UserError } from "../errors.ts";
import { reasonOf, request } from "./request.ts";

const BASE_URL = "https://api.cloudflare.com/client/v4";

const Envelope = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).default([]),
  result: z.unknown(),
  result_info: z.object({ total_pages: z.number().optional() }).nullish(),
});
type Envelope = z.infer<typeof Envelope>;

/** One call of Cloudflare's API that may be made twice without harm; undefined for a 404. */
export type CloudflareCall = <T>(
  method: string,
  path: string,
  schema: z.ZodType<T>,
  body?: unknown,
) => Promise<T | undefined>;

/**
 * Calls Cloudflare's API with a token; `baseUrl` ends with `/client/v4`. The calls throw a UserError
 * `cloudflare-refused` or `cloudflare-unreachable`.
 *
 * @param rights What the token needs, for the error that says that it has not enough.
 */
export function cloudflareCalls(token: string, baseUrl: string | undefined, rights: string): CloudflareCall {
  const call = cloudflareEnvelopes(token, baseUrl, rights);
  return async (method, path, schema, body) => {
    const envelope = await call(method, path, body);
    return envelope && schema.parse(envelope.result);
  };
}

/** The same, with all that stands around the result: how many pages there are. */
export function cloudflareEnvelopes(
  token: string,
  baseUrl: string | undefined,
  rights: string,
): (method: string, path: string, body?: unknown) => Promise<Envelope | undefined> {
  return async (method, path, body) => {
    const response = await request(`${baseUrl ?? BASE_URL}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new UserError(
        "cloudflare-unreachable",
        `Cloudflare does not answer ${method} ${path}: ${reasonOf(cause)}.`,
        "Check the network and CLOUDFLARE_BASE_URL, then run the same command again.",
        1,
        { cause },
      );
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    const envelope = Envelope.safeParse(await response.json().catch(() => undefined));
    if (response.ok && envelope.success && envelope.data.success) return envelope.data;
    const reasons = envelope.data?.errors.map((error) => `${error.message} (${error.code})`).join("; ");
    throw new UserError(
      "cloudflare-refused",
      `Cloudflare answered ${response.status} to ${method} ${path}: ${reasons || "no reason given"}.`,
      response.status === 401 || response.status === 403
        ? `Check CLOUDFLARE_API_TOKEN: it needs ${rights} for this account.`
        : "Run the same command again; if it stays, look at www.cloudflarestatus.com.",
    );
  };
}
