/** The keys in INTAKE_SIGNING_KEY, newest first: separated by spaces, `whsec_<base64>` or any other text taken as it is. */
export function signingKeys(text: string): Uint8Array[] {
  return text
    .split(/\s+/)
    .filter((key) => key !== "")
    .map((key) =>
      key.startsWith("whsec_")
        ? Uint8Array.fromBase64(key.slice("whsec_".length))
        : new TextEncoder().encode(key),
    );
}

/** HMAC-SHA256 of a text. */
export async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}
