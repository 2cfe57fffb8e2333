import { hmac, signingKeys } from "./keys.ts";

/**
 * Signs a delivery by the Standard Webhooks specification, so that the receiver can use any of its libraries:
 * HMAC-SHA256 over `id.timestamp.body`, as `v1,<base64>`, one for each key, separated by spaces
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 *
 * @param keys one or more keys separated by spaces; `whsec_<base64>`, or any other text taken as it is
 * @param timestamp seconds since 1970
 */
export async function sign(keys: string, id: string, timestamp: number, body: string): Promise<string> {
  const signatures = await Promise.all(
    signingKeys(keys).map((key) => hmac(key, `${id}.${timestamp}.${body}`)),
  );
  return signatures.map((signature) => `v1,${signature.toBase64()}`).join(" ");
}
