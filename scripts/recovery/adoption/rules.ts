import { CLOUDFLARE } from "./cloudflare.ts";
import { HETZNER } from "./hetzner.ts";
import type { AdoptionRule } from "./rule.ts";

/** How each kind of resource that the program makes is found again. */
export const ADOPTION_RULES: ReadonlyMap<string, AdoptionRule> = new Map(
  [...HETZNER, ...CLOUDFLARE].map((rule) => [rule.type, rule]),
);

/** Kinds that need no rule: making them twice is making them once. */
export const NEVER_LOST: Readonly<Record<string, string>> = {
  "cloudflare:index/zoneSetting:ZoneSetting": "Every zone has the setting; it is set, not made.",
  "cloudflare:index/zoneDnssec:ZoneDnssec": "Every zone has it; it is switched on, not made.",
  "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings":
    "Every zone has it; it is set, not made.",
  "tls:index/privateKey:PrivateKey": "It is in the state alone; no cloud hears of it.",
  "tls:index/certRequest:CertRequest": "It is in the state alone; no cloud hears of it.",
};
