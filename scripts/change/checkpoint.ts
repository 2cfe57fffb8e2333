import { createHash } from "node:crypto";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { canonical } from "./canonical.ts";
import { propertiesFromEngine } from "./engine-values.ts";

/**
 * A hash (64 hex digits) over what the state held when a preview looked at it: every resource, its id, its inputs, whether it
 * is protected. A Pulumi plan does not pin the state that it was made from; whoever has seen a plan compares this.
 *
 * Of secrets it knows only that they are there: the engine hides them from whoever reads its events.
 */
export function checkpointOf(events: readonly EngineEvent[]): string {
  const held = events.flatMap(({ resourcePreEvent }) => {
    const metadata = resourcePreEvent?.metadata;
    const state = metadata?.old;
    // Who runs the engine, and with which token, is no part of the stack.
    // A refresh's own step has the state of before it; those that follow have what it found.
    if (!metadata || !state || metadata.op === "refresh" || metadata.type.startsWith("pulumi:")) return [];
    const inputs = propertiesFromEngine(state.inputs, () => "");
    return [JSON.stringify([metadata.urn, state.id, state.protect === true, canonical(inputs)])];
  });
  return createHash("sha256")
    .update([...new Set(held)].sort().join("\n"))
    .digest("hex");
}
