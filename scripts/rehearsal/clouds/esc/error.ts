import type { Diagnostic } from "./diagnostic.ts";

/** Thrown anywhere in the cloud, answered as Pulumi Cloud's error body `{code, message}`. */
export class PulumiError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409;
  readonly diagnostics: Diagnostic[] | undefined;

  constructor(status: PulumiError["status"], message: string, diagnostics?: Diagnostic[]) {
    super(message);
    this.name = "PulumiError";
    this.status = status;
    this.diagnostics = diagnostics;
  }
}

export function errorResponse(status: number, message: string, diagnostics?: Diagnostic[]): Response {
  return Response.json({ code: status, message, ...(diagnostics ? { diagnostics } : {}) }, { status });
}

const REASONS: { [status: number]: string } = {
  401: "Unauthorized: No credentials provided or are invalid.",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** The answer for a status that a fault asks for. */
export function faultResponse(status: number): Response {
  return errorResponse(status, REASONS[status] ?? "Error");
}

export const UNAUTHORIZED = "Unauthorized: No credentials provided or are invalid.";
