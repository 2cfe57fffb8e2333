import { z } from "zod";

const id = z.string().min(1);

/** One binding of a Worker to a resource of the stack, as the resource's own identity; wrangler's words for the kinds. */
export const Binding = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("kv_namespace"), id }),
  z.object({ kind: z.literal("d1_database"), id, name: z.string() }),
  z.object({ kind: z.literal("queue"), name: z.string() }),
  z.object({ kind: z.literal("r2_bucket"), name: z.string() }),
  /** Analytics Engine makes a dataset as the first point is written to it. */
  z.object({ kind: z.literal("analytics_engine"), dataset: z.string() }),
  z.object({ kind: z.literal("var"), value: z.string() }),
]);
export type Binding = z.infer<typeof Binding>;

/**
 * The stack outputs: the only thing that the edge and the pipeline know of the infrastructure.
 * They hold no secret, so that a preview may show them and a release may keep them.
 */
export const StackOutputs = z.object({
  schema: z.literal(1),
  accountId: id,
  zone: z.object({ id, name: z.string() }),
  app: z.object({ hostname: z.string(), url: z.url() }),
  servers: z
    .array(
      z.object({
        name: z.string(),
        id,
        ipv4: z.string(),
        ipv6: z.string(),
        /** A proxied hostname that reaches this server and no other. */
        healthHostname: z.string(),
        primary: z.boolean(),
      }),
    )
    .min(1),
  volume: z.object({ id, name: z.string(), linuxDevice: z.string() }),
  /** Where the volume is backed up to, where it is. */
  backups: z.object({ bucket: z.string(), /** As restic wants it. */ repository: z.string() }).optional(),
  workers: z.record(
    z.string(),
    z.object({
      /** The script's name at Cloudflare; it has the stack in it, as both stacks share an account. */
      scriptName: z.string(),
      /** Route patterns, attached by the deploy: Cloudflare refuses a route to a script that does not exist yet. */
      routes: z.array(z.string()),
      /** By the binding's name in the Worker's wrangler.jsonc. */
      bindings: z.record(z.string(), Binding),
    }),
  ),
  sites: z.record(z.string(), z.object({ project: z.string(), domain: z.string(), url: z.url() })),
  /** With it the forms of the sites have Turnstile's widget. */
  turnstileSiteKey: z.string().optional(),
  /** The DNS TXT record that tells the servers which image to run; written by the deploy, ignored by the stack. */
  releaseRecord: z.object({
    id,
    name: z.string(),
    /** Whose signature the servers ask for: an Ed25519 public key, the base64 of its PEM. */
    publicKey: z.string().optional(),
    /** Seals what only the servers may read: an RSA public key in PEM. */
    sealKey: z.string().optional(),
  }),
  /** What the stack's configuration says the app should run: an image reference by digest. */
  image: z.string(),
});
export type StackOutputs = z.infer<typeof StackOutputs>;
