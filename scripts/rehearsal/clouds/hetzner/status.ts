import type { ServerDocument, ServerStatus } from "./model.ts";

/** A server's status at a moment (milliseconds). */
export function statusAt(server: ServerDocument, now: number): ServerStatus {
  return server.statuses.findLast((each) => each.from <= now)?.status ?? "initializing";
}

/** The server with a status from a moment on; what was foreseen for later is forgotten. */
export function setStatus(server: ServerDocument, from: number, ...statuses: Step[]): ServerDocument {
  const kept = server.statuses.filter((each) => each.from < from).slice(-1);
  const added = statuses.map((step) =>
    typeof step === "string" ? { from, status: step } : { from: from + step.afterMs, status: step.status },
  );
  return { ...server, statuses: [...kept, ...added] };
}
type Step = ServerStatus | { afterMs: number; status: ServerStatus };
