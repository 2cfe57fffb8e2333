import { Problem } from "./problem.ts";

/** A body's fields before anyone has looked at them. */
export type Fields = Record<string, unknown>;

/**
 * Reads a JSON object or a form, not one byte more than `maxBytes`.
 *
 * @throws Problem 400, 413 or 415
 */
export async function readFields(request: Request, maxBytes: number): Promise<Fields> {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const decode = decoders[type];
  if (!decode) {
    throw new Problem("unsupported-content-type", `Send ${Object.keys(decoders).join(", ")}.`, {
      headers: { accept: Object.keys(decoders).join(", ") },
    });
  }
  const bytes = await readBytes(request, maxBytes);
  return decode(bytes, request);
}

const decoders: Record<string, (bytes: Uint8Array<ArrayBuffer>, request: Request) => Promise<Fields>> = {
  "application/json": async (bytes) => {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
    } catch {
      throw new Problem("malformed-json", "The body is not JSON in UTF-8.");
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Problem("malformed-json", "The body has to be one JSON object.");
    return value as Fields;
  },
  "application/x-www-form-urlencoded": async (bytes) =>
    Object.fromEntries(new URLSearchParams(new TextDecoder().decode(bytes))),
  "multipart/form-data": async (bytes, request) => {
    const contentType = request.headers.get("content-type") ?? "";
    try {
      const form = await new Response(bytes, { headers: { "content-type": contentType } }).formData();
      return Object.fromEntries(form);
    } catch {
      throw new Problem("malformed-form", "The body is not a multipart form.");
    }
  },
};

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  // A declared length saves the transfer; a body may lie about it or have none, so the bytes are counted all the same.
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("too-large", `A message may have ${maxBytes} bytes at most.`);
}
