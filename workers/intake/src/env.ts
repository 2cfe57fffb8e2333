/**
 * The Worker's bindings: what wrangler.jsonc names, as `wrangler types` writes it down in worker-configuration.d.ts, and
 * what a stack may have or not.
 */
export type Env = Cloudflare.Env & Optional;

interface Optional {
  /** Secret. Signing keys, newest first, separated by spaces; without one the deliveries are unsigned and healthz says so. */
  INTAKE_SIGNING_KEY?: string;
  /** Secret. Opens the operator's calls; without one they do not exist. */
  INTAKE_OPERATOR_KEY?: string;
  /** Secret of a Turnstile widget; without one nobody is asked for a token. */
  INTAKE_TURNSTILE_SECRET?: string;
  /** Keeps the files that go with messages; without it there are none. */
  INTAKE_UPLOADS?: R2Bucket;
}
