import { Ruleset } from "@pulumi/cloudflare/ruleset.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";

export interface WafArgs {
  zoneId: string;
  plan: "free" | "pro";
  /** Who may reach Django's admin; nobody, if the list is empty. */
  adminRanges: string[];
}

/**
 * The rules that every request to the zone passes. They name no stack's hosts, so that they hold for every stack of the
 * zone. Free plans have 5 custom rules without regular expressions, and 1 rate-limit rule of 10 seconds that may look at
 * nothing but the path:
 * https://developers.cloudflare.com/waf/custom-rules/#availability
 * https://developers.cloudflare.com/waf/rate-limiting-rules/#availability
 */
export class Waf extends ComponentResource {
  constructor(name: string, args: WafArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Waf", name, {}, options);
    const zone = { zoneId: args.zoneId, kind: "zone" };
    const own = { parent: this };

    new Ruleset(
      "waf-custom",
      {
        ...zone,
        name: "Custom rules",
        phase: "http_request_firewall_custom",
        rules: customRules(args.adminRanges),
      },
      own,
    );
    new Ruleset(
      "waf-rate-limit",
      { ...zone, name: "Rate limits", phase: "http_ratelimit", rules: [intakeRateLimit(args.plan)] },
      own,
    );
    // Cloudflare runs its free managed rules by itself on free plans; the others are to be switched on.
    if (args.plan !== "free") {
      new Ruleset(
        "waf-managed",
        { ...zone, name: "Managed rules", phase: "http_request_firewall_managed", rules: managedRules() },
        own,
      );
    }
    this.registerOutputs({});
  }
}

/** Parts of paths that no part of this product has, and that scanners ask for all day. */
const EXPLOIT_PATHS = [
  ".php",
  ".asp",
  ".jsp",
  ".cgi",
  ".sql",
  ".bak",
  "/wp-",
  "/cgi-bin/",
  "/phpmyadmin",
  "/vendor/phpunit",
  "/actuator",
  "/server-status",
];

/** The custom rules, in the order in which they are tried. */
export function customRules(adminRanges: string[]) {
  const path = "http.request.uri.path";
  const admin = `(${path} eq "/admin" or starts_with(${path}, "/admin/"))`;
  const block = { action: "block", enabled: true };
  return [
    {
      ...block,
      ref: "block_dotfiles",
      description: "Dotfiles, but for the well-known ones of RFC 8615",
      expression: `(${path} contains "/.") and not starts_with(${path}, "/.well-known/")`,
    },
    {
      ...block,
      ref: "block_exploit_paths",
      description: "Paths of known exploits",
      expression: EXPLOIT_PATHS.map((part) => `(lower(${path}) contains ${JSON.stringify(part)})`).join(
        " or ",
      ),
    },
    {
      ...block,
      ref: "guard_admin",
      description: "Django's admin, but from the configured ranges",
      expression:
        adminRanges.length === 0 ? admin : `${admin} and not ip.src in {${adminRanges.toSorted().join(" ")}}`,
    },
  ];
}

/** The first labels of the hosts on which the intake answers, with whatever suffix their stack has. */
const INTAKE_LABELS = ["www", "app"];
/** Where the intake's Worker hands messages to the app: Cloudflare may count a Worker's requests within its own zone. */
const DELIVERIES = "/intake/messages";

/**
 * By sender's address and data centre, which is the only way to count on plans below Enterprise. Free plans know no host
 * here, so that there a path /intake on any other host of the zone is counted too.
 */
export function intakeRateLimit(plan: "free" | "pro") {
  const [period, requestsPerPeriod, mitigationTimeout] = plan === "free" ? [10, 10, 10] : [60, 20, 60];
  const path = "http.request.uri.path";
  const hosts = INTAKE_LABELS.flatMap((label) => [`${label}.`, `${label}-`])
    .map((start) => `starts_with(http.host, "${start}")`)
    .join(" or ");
  const intake = `(${path} eq "/intake" or starts_with(${path}, "/intake/")) and not ${path} eq "${DELIVERIES}"`;
  return {
    ref: "limit_intake",
    description: "The intake takes a person's pace, not a machine's",
    expression: plan === "free" ? intake : `(${hosts}) and ${intake}`,
    action: "block",
    enabled: true,
    ratelimit: { characteristics: ["cf.colo.id", "ip.src"], period, requestsPerPeriod, mitigationTimeout },
  };
}

/** https://developers.cloudflare.com/waf/managed-rules/reference/ lists these ids, which are the same for everybody. */
function managedRules() {
  const execute = { action: "execute", enabled: true, expression: "true" };
  return [
    {
      ...execute,
      ref: "cloudflare_managed",
      description: "Cloudflare Managed Ruleset",
      actionParameters: { id: "efb7b8c949ac4650a09736fc376e9aee" },
    },
    {
      ...execute,
      ref: "owasp_core",
      description: "Cloudflare OWASP Core Ruleset",
      actionParameters: { id: "4814384a9e5d4991b9815dcfc25d2f1f" },
    },
  ];
}
