/**
 * Whom the template's example belongs to. The set-up puts its owner's names, domains and ids in these places.
 */
export const EXAMPLE = {
  domain: "example.com",
  accountId: "0123456789abcdef0123456789abcdef",
  image: `ghcr.io/quayside/app@sha256:${"1".repeat(64)}`,
  adminRange: "198.51.100.0/24",
  releaseKey: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
  /** Files, beside the stacks' own, that have the domain in them. */
  files: [
    "sites/www/index.html",
    "sites/www/.well-known/security.txt",
    "sites/status/index.html",
    "sites/status/.well-known/security.txt",
    "workers/watch/wrangler.jsonc",
  ],
} as const;

/** The stacks that the template brings. */
export const STACKS = ["dev", "prod"] as const;

const OF_BOTH = {
  domain: EXAMPLE.domain,
  accountId: EXAMPLE.accountId,
  location: "hil",
  serverType: "cpx21",
  image: EXAMPLE.image,
  releaseKey: EXAMPLE.releaseKey,
  volumeSize: "20",
  cloudflarePlan: "free",
  adminRanges: [EXAMPLE.adminRange],
  "pipeline:monthlyIncrease": "20",
} as const;

/**
 * What the stacks of the template are set to. The story of the rehearsal and the tests are about these, whatever a team has
 * made of its own: keys without a namespace are the program's.
 */
export const SETTINGS: Record<(typeof STACKS)[number], Record<string, string | readonly string[]>> = {
  dev: {
    ...OF_BOTH,
    hostSuffix: "-dev",
    secondServer: "false",
    protect: "false",
    ownsZone: "false",
    neonPlan: "free",
    "pipeline:whenChanged": "safe-only",
    "pipeline:monthlyLimit": "60",
  },
  prod: {
    ...OF_BOTH,
    hostSuffix: "",
    secondServer: "true",
    protect: "true",
    ownsZone: "true",
    neonPlan: "launch",
    "pipeline:whenChanged": "stop",
    "pipeline:monthlyLimit": "120",
  },
};

/** Settings of the program that the template's stacks leave out. */
export const LEFT_OUT = ["rollout", "turnstileSiteKey", "mail", "redirects"] as const;
