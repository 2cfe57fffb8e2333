/** Who a variable is for; nobody else gets it. */
export type Consumer = "engine" | "wrangler" | "pipeline";

/** One variable that the pipeline can need for a stack. */
export interface Variable {
  name: string;
  secret: boolean;
  for: readonly Consumer[];
  /** What it is and where one gets it, for the error that names it as missing. */
  what: string;
  required: boolean;
}

/** Every variable that the pipeline knows, whether it comes from Pulumi ESC or from the process's environment. */
export const VARIABLES: readonly Variable[] = [
  {
    name: "HCLOUD_TOKEN",
    secret: true,
    for: ["engine", "pipeline"],
    what: "a Hetzner Cloud API token (console.hetzner.com, project, Security, API tokens)",
    required: true,
  },
  {
    name: "CLOUDFLARE_API_TOKEN",
    secret: true,
    for: ["engine", "wrangler", "pipeline"],
    what: "a Cloudflare API token (dash.cloudflare.com/profile/api-tokens)",
    required: true,
  },
  {
    name: "PULUMI_CONFIG_PASSPHRASE",
    secret: true,
    for: ["engine"],
    what: "the passphrase that encrypts the stack's secrets in its state",
    required: true,
  },
  {
    name: "DIGEST_KEY",
    secret: true,
    for: ["pipeline"],
    what: "any long random string; keys the hashes that stand for secrets in a digest",
    required: true,
  },
  {
    name: "RELEASE_SIGNING_KEY",
    secret: true,
    for: ["pipeline"],
    what: "an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519); signs the release record. While it is changed, the new one and the old one after it",
    required: false,
  },
  {
    name: "INTAKE_SIGNING_KEY",
    secret: true,
    // Reaches wrangler in a file of secrets, never by its environment.
    for: ["pipeline"],
    what: "any long random string; the intake Worker signs what it delivers to Django with it",
    required: false,
  },
  {
    name: "INTAKE_OPERATOR_KEY",
    secret: true,
    // As the signing key: in a file of secrets, never in wrangler's environment.
    for: ["pipeline"],
    what: "any long random string; opens the intake Worker's calls for operators, which do not exist without it",
    required: false,
  },
  {
    name: "INTAKE_TURNSTILE_SECRET",
    secret: true,
    for: ["pipeline"],
    what: "the secret key of a Turnstile widget (dash.cloudflare.com, Turnstile); without it the intake asks nobody for a token",
    required: false,
  },
  {
    name: "NEON_API_KEY",
    secret: true,
    for: ["pipeline"],
    what: "a Neon API key (console.neon.tech, Account settings, API keys)",
    required: false,
  },
  {
    name: "DOPPLER_TOKEN",
    secret: true,
    for: ["pipeline"],
    what: "a Doppler service token of the stack's config",
    required: false,
  },
  {
    name: "AWS_ACCESS_KEY_ID",
    secret: true,
    for: ["engine"],
    what: "access to an S3-compatible bucket (R2) that keeps the state",
    required: false,
  },
  {
    name: "AWS_SECRET_ACCESS_KEY",
    secret: true,
    for: ["engine"],
    what: "access to an S3-compatible bucket (R2) that keeps the state",
    required: false,
  },
  {
    name: "PULUMI_ACCESS_TOKEN",
    secret: true,
    for: ["engine"],
    what: "a Pulumi Cloud token, where Pulumi Cloud keeps the state",
    required: false,
  },
];

/** Variables that are no secrets but that a consumer needs: where the services are. */
export const ENDPOINTS: readonly { name: string; for: readonly Consumer[] }[] = [
  { name: "PULUMI_BACKEND_URL", for: ["engine"] },
  { name: "PULUMI_SECRETS_PROVIDER", for: ["engine"] },
  { name: "PULUMI_DEBUG_PROVIDERS", for: ["engine"] },
  { name: "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", for: ["engine"] },
  { name: "HCLOUD_ENDPOINT", for: ["engine", "pipeline"] },
  { name: "CLOUDFLARE_BASE_URL", for: ["engine", "pipeline"] },
  { name: "CLOUDFLARE_API_BASE_URL", for: ["wrangler"] },
  { name: "NEON_API_URL", for: ["pipeline"] },
  { name: "DOPPLER_API_HOST", for: ["pipeline"] },
];
