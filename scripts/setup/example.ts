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
