import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a request says of who has signed it. */
export interface Signed {
  accessKeyId: string;
  /** Whether it was signed with this secret. */
  by(secretAccessKey: string): boolean;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Reads the signature of a request to S3, version 4; undefined where it has none.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signatureOf(request: Request): Signed | undefined {
  const found = AUTHORIZATION.exec(request.headers.get("authorization") ?? "");
  if (!found) return undefined;
  const [, accessKeyId = "", day = "", region = "", signedHeaders = "", signature = ""] = found;
  const url = new URL(request.url);
  const canonical = [
    request.method,
    url.pathname,
    [...url.searchParams]
      .map((pair) => pair.map(encoded).join("="))
      .sort()
      .join("&"),
    ...signedHeaders.split(";").map((name) => `${name}:${headerOf(request, url, name)}`),
    "",
    signedHeaders,
    request.headers.get("x-amz-content-sha256") ?? "",
  ].join("\n");
  const toSign = [
    "AWS4-HMAC-SHA256",
    request.headers.get("x-amz-date") ?? "",
    `${day}/${region}/s3/aws4_request`,
    sha256(canonical),
  ].join("\n");
  return {
    accessKeyId,
    by(secret) {
      const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), "s3"), "aws4_request");
      return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, "hex"));
    },
  };
}

function headerOf(request: Request, url: URL, name: string): string {
  const value = name === "host" ? url.host : (request.headers.get(name) ?? "");
  return value.trim().replaceAll(/ +/g, " ");
}

/** As RFC 3986 has it, which encodes a few signs that JavaScript leaves alone. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
