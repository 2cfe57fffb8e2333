import { hmac, signingKeys } from "../keys.ts";

/** What a signed URL allows: one method on one file, until a time in seconds since 1970. */
export interface Grant {
  method: "GET" | "PUT";
  id: string;
  expires: number;
  /** Of a PUT: what may be put there, byte for byte. */
  file?: { name: string; type: string; size: number };
}

/**
 * A URL of this Worker that allows what the grant says, signed with a key that is derived from the newest signing key.
 *
 * Not R2's own presigned URLs: those need a long-lived key for the whole bucket among the secrets and CORS on the bucket, and
 * bind neither the size nor the name of what is put.
 *
 * @param origin of the Worker, `https://www.example.com`
 */
export async function signUrl(origin: string, keys: string, grant: Grant): Promise<string> {
  const url = new URL(`/intake/uploads/${grant.id}`, origin);
  url.searchParams.set("expires", String(grant.expires));
  if (grant.file) {
    url.searchParams.set("name", grant.file.name);
    url.searchParams.set("type", grant.file.type);
    url.searchParams.set("size", String(grant.file.size));
  }
  const [newest] = signingKeys(keys);
  if (!newest) throw new Error("no signing key is set");
  url.searchParams.set("signature", (await signatureOf(newest, grant)).toHex());
  return url.href;
}

/**
 * What a URL allows, or undefined when nobody here signed that, or it has run out.
 *
 * @param now milliseconds since 1970
 */
export async function readSignedUrl(
  url: URL,
  method: "GET" | "PUT",
  id: string,
  keys: string,
  now: number,
): Promise<Grant | undefined> {
  const query = (name: string) => url.searchParams.get(name) ?? "";
  const file =
    method === "PUT" ? { name: query("name"), type: query("type"), size: Number(query("size")) } : undefined;
  const grant: Grant = { method, id, expires: Number(query("expires")), file };
  if (!(grant.expires * 1000 > now)) return undefined;
  const given = new TextEncoder().encode(query("signature"));
  let right = false;
  for (const key of signingKeys(keys)) {
    const expected = new TextEncoder().encode((await signatureOf(key, grant)).toHex());
    right ||= given.length === expected.length && crypto.subtle.timingSafeEqual(given, expected);
  }
  return right ? grant : undefined;
}

/** A list as JSON, so that no two grants are signed as the same text. */
async function signatureOf(key: Uint8Array, { method, id, expires, file }: Grant): Promise<Uint8Array> {
  // A key of its own, so that a delivery's signature can never be a URL's.
  const derived = await hmac(key, "intake uploads v1");
  return hmac(derived, JSON.stringify([method, id, expires, file?.name, file?.type, file?.size]));
}
