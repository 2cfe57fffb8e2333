/** One entry of the `errors` list of a 422 answer (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api). */
export interface FieldError {
  resource: string;
  code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom";
  field?: string;
  message?: string;
  value?: unknown;
}

const DOCS = "https://docs.github.com/rest";

/** An answer that is a refusal, in GitHub's shape: message, documentation_url, status and, for 422, errors. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: (FieldError | string)[] | undefined;
  readonly documentationUrl: string;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    options: {
      errors?: (FieldError | string)[];
      documentationUrl?: string;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.errors = options.errors;
    this.documentationUrl = options.documentationUrl ?? DOCS;
    this.headers = options.headers ?? {};
  }

  response(): Response {
    const body = {
      message: this.message,
      ...(this.errors && { errors: this.errors }),
      documentation_url: this.documentationUrl,
      status: String(this.status),
    };
    return new Response(JSON.stringify(body), {
      status: this.status,
      headers: { "content-type": "application/json; charset=utf-8", ...this.headers },
    });
  }
}

export function notFound(): ApiError {
  return new ApiError(404, "Not Found");
}

export function badCredentials(): ApiError {
  return new ApiError(401, "Bad credentials");
}

export function validationFailed(...errors: (FieldError | string)[]): ApiError {
  return new ApiError(422, "Validation Failed", { errors });
}

/** A body that does not fit the endpoint's schema; GitHub puts the reason into the message then, not into `errors`. */
export function invalidRequest(reason: string): ApiError {
  return new ApiError(422, `Invalid request.\n\n${reason}`);
}

/** The answer to a faults rule with a status: as GitHub words that status. */
export function refuse(status: number): Response {
  if (status === 403 || status === 429) return secondaryLimit(status, 1).response();
  if (status === 401) return badCredentials().response();
  if (status === 404) return notFound().response();
  if (status >= 500)
    return new ApiError(status, status === 503 ? "Service unavailable" : "Server Error").response();
  return new ApiError(status, "Refused by a rehearsed fault").response();
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits */
export function secondaryLimit(status: 403 | 429, retryAfterSeconds: number): ApiError {
  return new ApiError(
    status,
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    {
      documentationUrl: `${DOCS}/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits`,
      headers: { "retry-after": String(retryAfterSeconds) },
    },
  );
}

export function primaryLimit(login: string): ApiError {
  return new ApiError(403, `API rate limit exceeded for ${login}.`, {
    documentationUrl: `${DOCS}/overview/rate-limits-for-the-rest-api`,
  });
}
