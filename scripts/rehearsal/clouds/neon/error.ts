import { randomUUID } from "node:crypto";

/** Thrown anywhere in the cloud, answered as Neon's error body `{request_id, code, message}`. */
export class NeonError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, message: string, code = "") {
    super(message);
    this.name = "NeonError";
    this.status = status;
    this.code = code;
  }
}

export function errorResponse(status: number, message: string, code = ""): Response {
  return Response.json({ request_id: randomUUID(), code, message }, { status });
}

const MESSAGES: { [status: number]: string } = {
  401: "authentication failed",
  423: "project already has running conflicting operations, scheduling of new ones is prohibited",
  429: "too many requests",
  500: "internal server error",
  503: "service temporarily unavailable",
};

/** The answer for a status that a fault asks for. */
export function faultResponse(status: number): Response {
  return errorResponse(status, MESSAGES[status] ?? "error");
}
