import type { z } from "zod";

/**
 * The codes of Hetzner Cloud's errors with their HTTP status (https://docs.hetzner.cloud/reference/cloud#errors).
 * Where the reference names a code without a status, it is 422.
 */
const STATUS = {
  json_error: 400,
  unauthorized: 401,
  token_readonly: 401,
  forbidden: 403,
  resource_limit_exceeded: 403,
  maintenance: 403,
  not_found: 404,
  method_not_allowed: 405,
  uniqueness_error: 409,
  conflict: 409,
  deprecated_api_endpoint: 410,
  resource_unavailable: 412,
  placement_error: 412,
  invalid_input: 422,
  service_error: 422,
  unsupported_error: 422,
  invalid_server_type: 422,
  server_not_stopped: 422,
  server_already_added: 422,
  server_already_attached: 422,
  server_has_ipv4: 422,
  server_has_ipv6: 422,
  networks_overlap: 422,
  no_subnet_available: 422,
  ip_not_available: 422,
  primary_ip_assigned: 422,
  primary_ip_already_assigned: 422,
  primary_ip_version_mismatch: 422,
  volume_already_attached: 422,
  resource_in_use: 422,
  firewall_already_applied: 422,
  firewall_resource_not_found: 422,
  firewall_managed_by_label_selector: 422,
  private_net_only_server: 422,
  locked: 423,
  protected: 423,
  rate_limit_exceeded: 429,
  server_error: 500,
  bad_gateway: 502,
  unavailable: 503,
  timeout: 504,
} as const;
export type ErrorCode = keyof typeof STATUS;

/** Thrown anywhere in the cloud, answered as Hetzner's error body. */
export class HetznerError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, details: unknown = null) {
    super(message);
    this.name = "HetznerError";
    this.code = code;
    this.details = details;
  }
}

/** The answer for an error; the correlation id is what the official clients print beside the code. */
export function errorResponse(code: ErrorCode, message: string, details: unknown = null): Response {
  return Response.json({ error: { code, message, details } }, { status: STATUS[code] });
}

/** The answer for a status that a fault asks for, in the words that go with it. */
export function faultResponse(status: number): Response {
  const code = (Object.keys(STATUS) as ErrorCode[]).find((each) => STATUS[each] === status) ?? "server_error";
  const named = status === 409 ? "conflict" : status === 423 ? "locked" : code;
  return Response.json(
    { error: { code: named, message: FAULT_MESSAGES[status] ?? "internal server error", details: null } },
    { status },
  );
}
const FAULT_MESSAGES: { [status: number]: string } = {
  401: "unable to authenticate",
  409: "the resource has changed during the request, please retry",
  412: "error during placement",
  423: "cannot perform operation because server is locked",
  429: "limit of 3600 requests per hour reached",
  502: "bad gateway",
  503: "service unavailable",
  504: "the request could not be answered in time",
};

export function notFound(kind: string, id: number | string): HetznerError {
  return new HetznerError("not_found", `${kind} with ID '${id}' not found`);
}

export function invalidInput(field: string, message: string): HetznerError {
  return new HetznerError("invalid_input", `invalid input in field '${field}': ${message}`, {
    fields: [{ name: field, messages: [message] }],
  });
}

/** All wrong fields at once, as the API lists them. */
export function invalidFields(error: z.ZodError): HetznerError {
  const fields = new Map<string, string[]>();
  for (const issue of error.issues) {
    const name = issue.path.map(String).join(".") || "body";
    fields.set(name, [...(fields.get(name) ?? []), issue.message]);
  }
  const names = [...fields.keys()].map((name) => `'${name}'`).join(", ");
  const only = fields.size === 1 ? `: ${[...fields.values()].flat().join(", ")}` : "";
  return new HetznerError(
    "invalid_input",
    `invalid input in field${fields.size > 1 ? "s" : ""} ${names}${only}`,
    {
      fields: [...fields].map(([name, messages]) => ({ name, messages })),
    },
  );
}
