import * as z from "zod/mini";

/** What an operator can change without a deploy: the JSON under the key `settings` of the KV namespace INTAKE_SETTINGS. */
const Settings = z.object({
  /** Holds the deliveries back (messages are still accepted), for instance while the application is being moved. */
  paused: z._default(z.boolean(), false),
  /** Largest body of a post, in bytes. */
  maxBytes: z._default(z.int().check(z.gte(256), z.lte(131_072)), 16_384),
  /** Origins besides the Worker's own whose pages may post here, `https://partner.example`. */
  allowedOrigins: z._default(z.array(z.url()), []),
  /** How many messages one sender may send in how many seconds; 0 messages: as many as he likes. */
  senderLimit: z._default(
    z.object({
      messages: z.int().check(z.gte(0), z.lte(10_000)),
      seconds: z.int().check(z.gte(1), z.lte(86_400)),
    }),
    { messages: 20, seconds: 600 },
  ),
  /** A message is parked after so many failures of its own: while others arrived. */
  maxTries: z._default(z.int().check(z.gte(1), z.lte(100)), 10),
  /** Largest file that may go with a message, in bytes, where the stack has a bucket for files. */
  maxUploadBytes: z._default(z.int().check(z.gte(1), z.lte(100_000_000)), 10_000_000),
  /** Media types of files that may go with a message. */
  uploadTypes: z._default(z.array(z.string()), [
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
  ]),
});
export type Settings = z.infer<typeof Settings>;

/** The settings that hold, and what is wrong with the stored ones when the defaults had to step in. */
export interface SettingsRead {
  settings: Settings;
  problem?: string;
}

/**
 * Reads the settings. Never throws: a typing error in a setting, or a KV that does not answer, must not lose a message.
 * They may be a minute old (https://developers.cloudflare.com/kv/api/read-key-value-pairs/#cachettl-parameter).
 */
export async function readSettings(kv: KVNamespace): Promise<SettingsRead> {
  const defaults = Settings.parse({});
  try {
    const stored = await kv.get("settings", { cacheTtl: 60 });
    if (stored === null) return { settings: defaults };
    const parsed = Settings.safeParse(JSON.parse(stored));
    if (parsed.success) return { settings: parsed.data };
    const paths = parsed.error.issues.map((issue) => issue.path.join(".") || "(whole)");
    return { settings: defaults, problem: `settings not valid at ${paths.join(", ")}, defaults in force` };
  } catch {
    return { settings: defaults, problem: "settings could not be read, defaults in force" };
  }
}
