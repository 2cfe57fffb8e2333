/** Thrown anywhere in the cloud, answered as Doppler's error body `{messages, success: false}`. */
export class DopplerError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409;

  constructor(status: DopplerError["status"], message: string) {
    super(message);
    this.name = "DopplerError";
    this.status = status;
  }
}

export function errorResponse(status: number, ...messages: string[]): Response {
  return Response.json({ messages, success: false }, { status });
}

const MESSAGES: { [status: number]: string } = {
  401: "Invalid Auth token",
  429: "Exceeded rate limit, please try again later",
  500: "An unexpected error occurred",
};

/** The answer for a status that a fault asks for. */
export function faultResponse(status: number): Response {
  return errorResponse(status, MESSAGES[status] ?? "Error");
}
