import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserError } from "../errors.ts";
import { countPlanSteps } from "./plan-goals.ts";

/** So many of what is left are named. */
const NAMED = 8;

/**
 * Says of an update that was interrupted, and whose engine has ended in order, what is done and what is left.
 *
 * @param reason the signal's; one that is no UserError is given back as it is
 */
export function interruptedUpdate(
  reason: unknown,
  stack: string,
  planFile: string,
  events: readonly EngineEvent[],
): unknown {
  if (!(reason instanceof UserError)) return reason;
  const planned = countPlanSteps(planFile);
  const done = new Map<string, number>();
  for (const { resOutputsEvent } of events) {
    const { urn, op } = resOutputsEvent?.metadata ?? {};
    if (urn !== undefined && op !== "same") done.set(urn, (done.get(urn) ?? 0) + 1);
  }
  const left = [...planned].flatMap(([urn, steps]) => ((done.get(urn) ?? 0) < steps ? [nameOf(urn)] : []));
  const beyond = left.length > NAMED ? ` and ${left.length - NAMED} more` : "";
  return new UserError(
    reason.code,
    [
      `${reason.message} The engine ended the update of ${stack} in order: the state is saved, the lock is given back.`,
      left.length > 0
        ? `${planned.size - left.length} of ${planned.size} resources are done. Left: ${left.slice(0, NAMED).join(", ")}${beyond}.`
        : `All ${planned.size} resources are done; what comes after them is left.`,
    ].join("\n"),
    reason.fix,
    reason.exitCode,
    { cause: reason },
  );
}

/** `Server server1` of `urn:pulumi:dev::quayside::hcloud:index/server:Server::server1`. */
function nameOf(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.split(":").at(-1)} ${name}`;
}
