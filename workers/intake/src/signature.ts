/**
 * Signs a delivery by the Standard Webhooks specification, so that the receiver can use any of its libraries:
 * HMAC-SHA256 over `id.timestamp.body`, as `v1,<base64>`, one for each key, separated by spaces
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 *
 * @param keys one or more keys separated by spaces; `whsec_<base64>`, or any other text taken as it is
 * @param timestamp seconds since 1970
 */
export async function sign(keys: string, id: string, timestamp: number, body: string): Promise<string> {
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = keys
    .split(/\s+/)
    .filter((key) => key !== "")
    .map(async (key) => {
      const secret = await crypto.subtle.importKey(
        "raw",
        keyBytes(key),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["sign"],
      );
      return `v1,${new Uint8Array(await crypto.subtle.sign("HMAC", secret, content)).toBase64()}`;
    });
  return (await Promise.all(signatures)).join(" ");
}

function keyBytes(key: string): Uint8Array {
  return key.startsWith("whsec_")
    ? Uint8Array.fromBase64(key.slice("whsec_".length))
    : new TextEncoder().encode(key);
}
