/**
 * Whom an organization trusts to exchange an OIDC token for one of Pulumi Cloud
 * (https://www.pulumi.com/docs/administration/access-identity/oidc-client/): all `rules` must fit the token's claims,
 * `*` stands for any text. What the token then opens is the role's matter; here it stands beside the rule.
 */
export interface TrustPolicy {
  /** Claim → pattern, `{ sub: "repo:quayside/quayside:pull_request" }`. */
  rules: { [claim: string]: string };
  /** Environments that the token can read and open, `project/name` with `*`. */
  environments: string[];
}

export type Claims = { [claim: string]: unknown };

/** The policies that fit the claims of a token. */
export function fittingPolicies(policies: TrustPolicy[], claims: Claims): TrustPolicy[] {
  return policies.filter((policy) =>
    Object.entries(policy.rules).every(([claim, pattern]) => fits(pattern, claims[claim])),
  );
}

/**
 * Whether a text, or one of a list of texts, fits a pattern: `*` is any text, `?` one character or none, a dot any one
 * character (https://www.pulumi.com/docs/administration/access-identity/oidc-client/).
 */
export function fits(pattern: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((each) => fits(pattern, each));
  if (typeof value !== "string") return false;
  const expression = pattern
    .replace(/[+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("?", ".?")
    .replaceAll("*", ".*");
  return new RegExp(`^${expression}$`, "s").test(value);
}
