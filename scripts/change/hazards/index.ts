import { createHash } from "node:crypto";
import type { Change, Cost, Hazard } from "../model.ts";
import { costAbove } from "./cost-above.ts";
import { deleteStateful } from "./delete-stateful.ts";
import { dnsOffProxy } from "./dns-off-proxy.ts";
import { dropProtect } from "./drop-protect.ts";
import { openFirewall } from "./open-firewall.ts";
import { replaceStateful } from "./replace-stateful.ts";
import { resizeServer } from "./resize-server.ts";
import type { Finding, HazardRule, Limits } from "./rule.ts";
import { weakenTls } from "./weaken-tls.ts";

/** The rules that come with the template. A team's own are files in `.rules/`, and are passed to {@link findHazards}. */
export const HAZARD_RULES: readonly HazardRule[] = [
  deleteStateful,
  replaceStateful,
  dropProtect,
  openFirewall,
  dnsOffProxy,
  weakenTls,
  resizeServer,
  costAbove,
];

const SEVERITIES: readonly Hazard["severity"][] = ["data-loss", "security", "outage", "cost"];

/** What in a change can lose data, stop a service, open a door or cost too much; the worst first. */
export function findHazards(
  change: Change,
  cost: Cost | undefined,
  limits: Limits,
  rules: readonly HazardRule[] = HAZARD_RULES,
): Hazard[] {
  const circumstances = { steps: change.steps, cost, limits };
  const hazards: Hazard[] = [];
  for (const rule of rules) {
    const add = (finding: Finding, urn: string, resource: string): void => {
      hazards.push({ rule: rule.rule, severity: rule.severity, urn, resource, ...finding });
    };
    // What a refresh found has happened already; what a read finds is nobody's doing.
    for (const step of change.steps)
      if (!step.component && step.operation !== "refresh" && step.operation !== "read")
        for (const finding of rule.ofStep?.(step, circumstances) ?? []) add(finding, step.urn, step.name);
    for (const finding of rule.ofChange?.(circumstances) ?? []) add(finding, "", change.stack);
  }
  return told(hazards).sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** GitHub's limit for a label's name. */
const LABEL_CHARACTERS = 50;

/** The label on the pull request that allows a hazard: `allow:replace-server:app-1`. Long names end in a part of their hash. */
export function approvalLabel(hazard: Pick<Hazard, "rule" | "resource">): string {
  // A comma would end the label in GitHub's own forms and searches.
  const label = `allow:${hazard.rule}:${hazard.resource.replace(/[\s,]+/g, "-")}`;
  if (label.length <= LABEL_CHARACTERS) return label;
  const hash = shortHash(hazard.resource);
  return `${label.slice(0, LABEL_CHARACTERS - hash.length - 1)}~${hash}`;
}

/** Resources of one name (of different types or parents) must not be allowed by one label: they get a part of their URN's hash. */
function told(hazards: readonly Hazard[]): Hazard[] {
  const owners = new Map<string, Set<string>>();
  for (const { rule, resource, urn } of hazards) {
    const key = `${rule}:${resource}`;
    owners.set(key, (owners.get(key) ?? new Set()).add(urn));
  }
  return hazards.map((hazard) =>
    (owners.get(`${hazard.rule}:${hazard.resource}`)?.size ?? 0) > 1
      ? { ...hazard, resource: `${hazard.resource}~${shortHash(hazard.urn)}` }
      : hazard,
  );
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
