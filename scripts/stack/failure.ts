import { CommandError, ConcurrentUpdateError } from "@pulumi/pulumi/automation/errors.js";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserError } from "../errors.ts";
import { redact } from "../secrets/redaction.ts";

/** Turns the engine's end into an error that says what failed on which resource, in the provider's own words. */
export function engineFailure(
  operation: "preview" | "apply" | "destroy",
  stack: string,
  events: readonly EngineEvent[],
  error: unknown,
): unknown {
  if (!(error instanceof CommandError)) return error;
  if (error instanceof ConcurrentUpdateError) {
    return new UserError(
      "state-locked",
      `Stack ${stack} is locked by another update. ${lockOwner(error.message)}`,
      "Wait for that run to end. If it was killed, run `npm run cli -- unlock` for the stack.",
      1,
      { cause: error },
    );
  }
  const diagnostics = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.severity === "error" ? [describe(diagnosticEvent.urn, diagnosticEvent.message)] : [],
  );
  const said = [...new Set(diagnostics)].join("\n") || tail(error.message);
  const violated = said.includes("violates plan") || said.includes("expected resource operations");
  return new UserError(
    violated ? "plan-violated" : "engine-failed",
    redact(`The engine could not ${operation} stack ${stack}:\n${said}`),
    violated
      ? "The stack has moved since the plan was made. Preview again and apply what the new preview shows."
      : "Mend what the provider names above and run the same command again: what was done is in the state and is not done twice.",
    1,
    { cause: error },
  );
}

function describe(urn: string | undefined, message: string): string {
  const name = urn?.split("::").slice(-2).join(" ");
  return name ? `${name}: ${message.trim()}` : message.trim();
}

function lockOwner(text: string): string {
  return /locked by [^\n]*/.exec(text)?.[0] ?? "";
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-20).join("\n");
}
