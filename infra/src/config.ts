import { allConfig } from "@pulumi/pulumi/runtime/config.js";
import { z } from "zod";
import { StackProblem } from "./problem.ts";
import { closest } from "./spelling.ts";

const flag = z
  .enum(["true", "false"], { error: 'must be "true" or "false"' })
  .transform((text) => text === "true");
const hostname = z
  .string()
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/,
    "must be a zone's name in lower case, without a scheme or a path",
  );
/** Like a hostname, with labels that begin with an underscore. */
const dnsName = z.string().regex(/^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, "must be a DNS name");
const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: "must be a CIDR range" });

/** Pulumi hands lists over as JSON text, however they are written in the YAML file. */
const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: "custom", message: "must be a list" });
    return z.NEVER;
  }
});

/** An object; Pulumi hands those over as JSON text too. */
const settings = json.pipe(z.record(z.string(), z.unknown(), { error: "must be an object" }).nullable());

/** Every key that a stack has: how its text is read, and an example for the one who has to mend it. */
const KEYS = {
  /** The zone's name at Cloudflare. */
  domain: { schema: hostname, example: "example.com" },
  /** Comes after the first label of every host, so that two stacks share one zone. */
  hostSuffix: {
    schema: z
      .string()
      .regex(/^(-[a-z0-9]+)*$/, 'must be empty or words with a dash before each, like "-dev"'),
    example: '"-dev"',
  },
  accountId: {
    schema: z.string().regex(/^[0-9a-f]{32}$/, "must be the 32 hexadecimal digits of a Cloudflare account"),
    example: "0123456789abcdef0123456789abcdef",
  },
  location: {
    schema: z.enum(["hil", "ash", "fsn1", "nbg1", "hel1", "sin"], {
      error: "must be one of hil, ash, fsn1, nbg1, hel1, sin",
    }),
    example: "hil",
    fallback: "hil",
  },
  serverType: {
    schema: z.string().regex(/^[a-z]+[0-9]+$/, "must be the name of a Hetzner server type"),
    example: "cpx21",
    fallback: "cpx21",
  },
  /** What the app should run, by digest: a tag can be moved, a digest can't. */
  image: {
    schema: z
      .string()
      .regex(
        /^[a-z0-9.\-/:_]+@sha256:[0-9a-f]{64}$/,
        "must be an image reference by digest (name@sha256:64 hexadecimal digits)",
      ),
    example: `ghcr.io/quayside/app@sha256:${"1".repeat(64)}`,
  },
  /** The public half of RELEASE_SIGNING_KEY: the servers run nothing that it has not signed. */
  releaseKey: {
    schema: z
      .string()
      .regex(
        /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/,
        "must be the base64 line of an Ed25519 public key in PEM (openssl pkey -pubout)",
      ),
    example: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
  },
  secondServer: { schema: flag, example: '"false"' },
  /** In GB. Hetzner's limits: https://docs.hetzner.cloud/reference/cloud#volumes-create-a-volume */
  volumeSize: {
    schema: z
      .string()
      .regex(/^\d+$/, "must be a whole number of GB")
      .transform(Number)
      .pipe(z.number().min(10, "must be at least 10 (GB)").max(10240, "must be at most 10240 (GB)")),
    example: '"20"',
  },
  /** Whether the stack has a bucket for backups of the volume. They begin with BACKUP_* in its Doppler config. */
  backups: { schema: flag, example: '"true"', fallback: "false" },
  /** Whether what holds data or addresses refuses to be deleted. */
  protect: { schema: flag, example: '"true"' },
  /** Zone-wide settings and rulesets belong to exactly one stack of a zone. */
  ownsZone: { schema: flag, example: '"false"' },
  cloudflarePlan: {
    schema: z.enum(["free", "pro"], { error: "must be free or pro" }),
    example: "free",
  },
  neonPlan: {
    schema: z.enum(["free", "launch"], { error: "must be free or launch" }),
    example: "free",
  },
  /** How new versions of Workers get their traffic; the pipeline reads it (scripts/edge/rollout-settings.ts), the stack does not. */
  rollout: {
    schema: settings,
    example: "{ steps: [10, 50], watchSeconds: 300, maxErrorPercent: 1 }",
    fallback: "null",
  },
  /** The public key of a Turnstile widget (dash.cloudflare.com, Turnstile); empty: the forms of the sites ask for no check. */
  turnstileSiteKey: {
    schema: z
      .string()
      .regex(/^([0-3]x[0-9A-Za-z_-]+)?$/, "must be the site key of a Turnstile widget, or empty"),
    example: "0x4AAAAAAAB1cD2eF3gH4iJ5",
    fallback: "",
  },
  /** Who may reach Django's admin. An empty list means nobody. */
  adminRanges: {
    schema: json.pipe(z.array(cidr, { error: "must be a list" })),
    example: "[198.51.100.0/24]",
  },
  /** Who takes the domain's mail. Without hosts the domain says that it neither takes nor sends any. */
  mail: {
    schema: json.pipe(
      z.strictObject(
        {
          hosts: z.array(hostname).default([]),
          /** Whose servers may send in the domain's name besides, by the host of their SPF record. */
          spf: z.array(dnsName).default([]),
          /** The public keys of DKIM, by their selector. */
          dkim: z.record(z.string().regex(/^[a-z0-9-]+$/), z.string().startsWith("v=DKIM1")).default({}),
        },
        { error: "must have hosts, spf and dkim, and nothing else" },
      ),
    ),
    example: "{ hosts: [smtp.google.com], spf: [_spf.google.com] }",
    fallback: "{}",
  },
  /** Hosts of the zone that lead to another address; the path goes along. */
  redirects: {
    schema: json.pipe(
      z.array(
        z.strictObject({
          from: hostname,
          to: z
            .url({ protocol: /^https$/ })
            .regex(/^https:\/\/[^/]+$/, "must be an https address without a path"),
          status: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).default(301),
        }),
        { error: "must be a list" },
      ),
    ),
    example: '[{ from: old.example.com, to: "https://www.example.com" }]',
    fallback: "[]",
  },
} satisfies Record<string, Key>;

interface Key {
  schema: z.ZodType<unknown, string>;
  example: string;
  fallback?: string;
}

export type Config = { readonly [K in keyof typeof KEYS]: z.output<(typeof KEYS)[K]["schema"]> };

/**
 * Reads the running stack's configuration. Throws one {@link StackProblem} that names every bad key.
 *
 * @param file the stack's, as a person of the repository would name it
 */
export function readConfig(project: string, file: string): Config {
  const raw: Record<string, string> = {};
  for (const [key, value] of Object.entries(allConfig())) {
    if (key.startsWith(`${project}:`)) raw[key.slice(project.length + 1)] = String(value);
  }
  return parseConfig(raw, { project, file });
}

/** The parsing alone: `raw` is what the stack's file says, keys without their namespace, every value as text. */
export function parseConfig(
  raw: Readonly<Record<string, string>>,
  source: { project: string; file: string },
): Config {
  const keys: Record<string, Key> = KEYS;
  const complaints: string[] = [];
  const parsed: Record<string, unknown> = {};
  const name = (key: string) => `${source.project}:${key}`;

  for (const [key, { schema, example, fallback }] of Object.entries(keys)) {
    const text = raw[key] ?? fallback;
    const hint = `for example  ${name(key)}: ${example}`;
    if (text === undefined) {
      complaints.push(`${name(key)} is missing; ${hint}`);
      continue;
    }
    const result = schema.safeParse(text);
    if (result.success) parsed[key] = result.data;
    else {
      const why = [...new Set(result.error.issues.map((issue) => place(issue.path) + issue.message))];
      complaints.push(`${name(key)} is ${JSON.stringify(text)}: it ${why.join("; it ")}; ${hint}`);
    }
  }
  for (const key of Object.keys(raw)) {
    if (key in keys) continue;
    const meant = closest(key, Object.keys(keys));
    complaints.push(`${name(key)} is no known key${meant ? `; did you mean ${name(meant)}?` : ""}`);
  }

  if (complaints.length > 0) {
    const count = complaints.length === 1 ? "one value" : `${complaints.length} values`;
    throw new StackProblem(
      `The configuration in ${source.file} has ${count} to mend:\n${complaints.map((line) => `  - ${line}`).join("\n")}`,
      `Edit ${source.file} under "config:", then preview again.`,
    );
  }
  return parsed as Config;
}

/** Which entry of a list an issue is about, counted as people count. */
function place(path: PropertyKey[]): string {
  const [index] = path;
  return typeof index === "number" ? `(entry ${index + 1}) ` : "";
}
