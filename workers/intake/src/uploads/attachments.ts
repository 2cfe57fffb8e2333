import type { Fields } from "../body.ts";
import type { Env } from "../env.ts";
import { Problem } from "../problem.ts";
import { signUrl } from "./signed-url.ts";

/** A file that goes with a message, as the application gets it. */
export interface Attachment {
  id: string;
  name: string;
  type: string;
  /** In bytes. */
  size: number;
  /** Where the application fetches it, for 30 days: longer than any message waits or is parked by itself. */
  url: string;
}

const AT_MOST = 5;
const URL_SECONDS = 30 * 86_400;
const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * The files that the field `attachments` names by the ids that POST /intake/uploads gave: a list, or text with commas, as a
 * form has it. An id can't be guessed, so whoever has it may use it.
 *
 * @param now milliseconds since 1970
 * @throws Problem 422
 */
export async function readAttachments(
  fields: Fields,
  env: Env,
  origin: string,
  now: number,
): Promise<Attachment[]> {
  const { INTAKE_UPLOADS: bucket, INTAKE_SIGNING_KEY: keys } = env;
  const named = fields.attachments;
  if (!bucket || !keys || named === undefined || named === "") return [];
  const ids: unknown[] = typeof named === "string" ? named.split(",").map((id) => id.trim()) : [named].flat();
  if (ids.length > AT_MOST) throw refusal(`A message may have ${AT_MOST} files at most.`);
  const expires = Math.floor(now / 1000) + URL_SECONDS;
  return Promise.all(
    ids.map(async (id) => {
      const file = typeof id === "string" && ID.test(id) ? await bucket.head(id) : null;
      if (!file) throw refusal("A file of this message did not arrive. Please add it again.");
      return {
        id: file.key,
        name: file.customMetadata?.name ?? file.key,
        type: file.httpMetadata?.contentType ?? "application/octet-stream",
        size: file.size,
        url: await signUrl(origin, keys, { method: "GET", id: file.key, expires }),
      };
    }),
  );
}

function refusal(message: string): Problem {
  return new Problem("invalid-message", "The message was not sent: some fields need another look.", {
    errors: [{ field: "attachments", message }],
  });
}
