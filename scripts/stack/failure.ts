import { CommandError, ConcurrentUpdateError } from "@pulumi/pulumi/automation/errors.js";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { EXIT, UserError } from "../errors.ts";
import { redact } from "../secrets/redaction.ts";
import { locksNamedIn, StateLocked } from "./lock.ts";

/**
 * Turns the engine's end into an error that says what failed on which resource, in the provider's own words.
 *
 * @returns UserError `interrupted` (the signal's own reason), `state-locked` (a {@link StateLocked}), `passphrase-wrong`,
 * `plan-violated`, `apply-failed` for an update and a refresh, `engine-failed` for all else; what is no failure of the engine comes back as it is
 */
export function engineFailure(
  operation: "open" | "preview" | "apply" | "refresh",
  stack: string,
  events: readonly EngineEvent[],
  error: unknown,
  signal?: AbortSignal,
): unknown {
  if (signal?.aborted) return signal.reason;
  if (!(error instanceof CommandError)) return error;
  const options = { cause: error };
  if (error instanceof ConcurrentUpdateError) {
    return new StateLocked(
      `Stack ${stack} is locked by another update${lockOwner(error.message)}.`,
      `Wait until that run has ended. If it was killed, nobody gives its lock back: make sure that it is gone, then run \`npx pulumi cancel --yes --stack ${stack}\` beside its Pulumi.yaml with the same PULUMI_BACKEND_URL.`,
      locksNamedIn(error.message),
      EXIT.failed,
      options,
    );
  }
  const diagnostics = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.severity === "error" ? [describe(diagnosticEvent.urn, diagnosticEvent.message)] : [],
  );
  const killed = /The engine's process was ended by \w+\./.exec(error.message)?.[0];
  const said = killed ?? (withoutAftermath([...new Set(diagnostics)]).join("\n") || tail(error.message));
  if (said.includes("incorrect passphrase")) {
    return new UserError(
      "passphrase-wrong",
      `PULUMI_CONFIG_PASSPHRASE is not the passphrase that the state of stack ${stack} was encrypted with.`,
      "Put the right one into the stack's ESC environment (and its -preview twin), or into the environment. Nothing was touched.",
      EXIT.usage,
      options,
    );
  }
  if (PLAN_VIOLATED.test(said)) {
    return new UserError(
      "plan-violated",
      redact(`The update of stack ${stack} would do what its plan does not say:\n${said}`),
      "The stack has moved since the plan was made. Preview again and apply what the new preview shows.",
      EXIT.failed,
      options,
    );
  }
  const message = redact(`The engine could not ${operation} stack ${stack}:\n${said}`);
  return operation === "apply" || operation === "refresh"
    ? new UserError("apply-failed", message, FIX[operation], EXIT.failed, options)
    : new UserError("engine-failed", message, FIX[operation], EXIT.failed, options);
}

/**
 * An update that stops half-way has not done all that its plan says, and the engine says so of each resource that is left:
 * no more than what follows from the errors before it.
 */
function withoutAftermath(diagnostics: readonly string[]): readonly string[] {
  const causes = diagnostics.filter((line) => !/but none were seen/.test(line) && line !== "update failed");
  return causes.length > 0 ? causes : diagnostics;
}

/** The engine's words for a step that the plan does not have, and for one that the plan has and the update lacks. */
const PLAN_VIOLATED =
  /not allowed by the plan|violates plan|expected resource operations for .* but none were seen/;

const BEFORE =
  "Mend what is named above (PULUMI_BACKEND_URL says where the state is) and run the same command again; nothing was touched.";
const FIX = {
  open: BEFORE,
  preview: BEFORE,
  refresh: "Mend what the provider names above and run the same command again: a refresh only reads.",
  apply:
    "Mend what the provider names above and run the same command again: what was done is in the state and is not done twice.",
};

function describe(urn: string | undefined, message: string): string {
  const name = urn?.split("::").slice(-2).join(" ");
  return name ? `${name}: ${message.trim()}` : message.trim();
}

/** Who holds the lock: `created by runner@host (pid 42) at 2026-…` with a bucket or a folder, nothing with Pulumi Cloud. */
function lockOwner(text: string): string {
  const owners = [...text.matchAll(/created by [^\n]+/g)].map(([owner]) => owner.trim());
  return owners.length > 0 ? `, ${owners.join(" and ")}` : "";
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-20).join("\n");
}
