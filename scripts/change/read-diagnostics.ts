import { stripVTControlCharacters } from "node:util";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { Diagnostic } from "./model.ts";

/** What the engine and its policies said, each thing once, for people. Debug messages hold secrets and are left out. */
export function diagnosticsFromEvents(
  events: readonly EngineEvent[],
  scrub: (text: string) => string,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const { diagnosticEvent, policyEvent } of events) {
    if (diagnosticEvent && !diagnosticEvent.ephemeral) {
      const severity = severityOf(diagnosticEvent.severity);
      const message = tidy(diagnosticEvent.message);
      if (severity && message !== "")
        diagnostics.push({
          severity,
          ...(diagnosticEvent.urn ? { urn: diagnosticEvent.urn } : {}),
          message: scrub(message),
        });
    }
    if (policyEvent)
      diagnostics.push({
        severity: policyEvent.enforcementLevel === "mandatory" ? "error" : "warning",
        ...(policyEvent.resourceUrn ? { urn: policyEvent.resourceUrn } : {}),
        message: scrub(
          `Policy ${policyEvent.policyPackName}/${policyEvent.policyName}: ${tidy(policyEvent.message)}`,
        ),
      });
  }
  return withoutEchoes(diagnostics);
}

function severityOf(severity: string): Diagnostic["severity"] | undefined {
  if (severity === "error" || severity === "warning" || severity === "info") return severity;
  return severity === "info#err" ? "info" : undefined;
}

/** Without colour codes, the engine's own colour tags, and stack frames, which name folders of the machine that ran. */
function tidy(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/<\{%[a-z0-9 ]*%\}>/gi, "")
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .filter((line) => !/^\s+at (async )?.*[:(]/.test(line))
    .join("\n")
    .trim();
}

/** More errors than this are not searched for echoes of each other. */
const MOST_ERRORS_COMPARED = 200;

/** The engine ends with "preview failed" and repeats a program's error: one message says it once. */
function withoutEchoes(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error");
  const said = new Set<string>();
  return diagnostics.filter((diagnostic) => {
    const key = JSON.stringify([diagnostic.severity, diagnostic.urn, diagnostic.message]);
    if (said.has(key)) return false;
    said.add(key);
    if (diagnostic.severity !== "error" || diagnostic.urn || errors.length < 2) return true;
    if (diagnostic.message === "preview failed") return false;
    if (errors.length > MOST_ERRORS_COMPARED) return true;
    return !errors.some(
      (other) => other.message !== diagnostic.message && other.message.endsWith(diagnostic.message),
    );
  });
}
