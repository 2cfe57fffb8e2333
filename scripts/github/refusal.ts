import { UserError } from "../errors.ts";

/**
 * Why GitHub did not do it.
 *
 * - `unavailable`: a 5xx, or no answer at all; the work may have been done all the same
 * - `rate-limited`: 403 or 429 of the primary or the secondary limit, still so after the client's patience
 * - the others are the plain meaning of 401, 403, 404, 409 and 422
 */
export type RefusalKind =
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "unprocessable"
  | "rate-limited"
  | "unavailable";

/** What GitHub said to one call. */
export interface RefusedCall {
  method: string;
  path: string;
  /** Undefined where no answer came. */
  status: number | undefined;
  /** GitHub's message, with its `errors` list where there is one. */
  message: string;
  /** `x-accepted-github-permissions`: what would have been enough, "issues=write; pull_requests=write". */
  acceptedPermissions?: string | undefined;
  /** Seconds until the limit lets calls through again. */
  waitSeconds?: number | undefined;
}

/** A call to GitHub that was refused; its code is `github-<kind>`. */
export class GithubRefusal extends UserError {
  readonly kind: RefusalKind;
  readonly status: number | undefined;

  constructor(kind: RefusalKind, call: RefusedCall, options?: ErrorOptions) {
    const status = call.status === undefined ? "no answer" : String(call.status);
    super(
      `github-${kind}`,
      `GitHub, ${call.method} ${call.path} (${status}): ${call.message}`,
      fixFor(kind, call),
      1,
      options,
    );
    this.name = "GithubRefusal";
    this.kind = kind;
    this.status = call.status;
  }
}

function fixFor(kind: RefusalKind, call: RefusedCall): string {
  switch (kind) {
    case "unauthorized":
      return "Set GITHUB_TOKEN in the step's `env:` to the job's token (`github.token`), or to one that has not expired.";
    case "forbidden":
      return call.acceptedPermissions
        ? `Add the permission to the job's \`permissions:\` (one of: ${permissionLines(call.acceptedPermissions)}). The token of a run for a fork's pull request can never write.`
        : "Check the job's `permissions:` and whether the thing is locked. The token of a run for a fork's pull request can never write.";
    case "not-found":
      return "Check the name and number, and that the token may see the repository: GitHub answers 404 for what a token must not see.";
    case "conflict":
      return "Somebody else changed it meanwhile: run the job again.";
    case "unprocessable":
      return "The request does not fit GitHub's rules; the message says which.";
    case "rate-limited":
      return call.waitSeconds === undefined
        ? "Run the job again in a few minutes."
        : `Run the job again in ${Math.ceil(call.waitSeconds / 60)} min, when GitHub's limit has passed.`;
    case "unavailable":
      return "GitHub has a bad moment (https://www.githubstatus.com): run the job again.";
  }
}

/** GitHub's header says `pull_requests=write`, a workflow says `pull-requests: write`. */
function permissionLines(accepted: string): string {
  return accepted
    .split(/[;,]\s*/)
    .map((pair) => `\`${pair.replaceAll("_", "-").replace("=", ": ")}\``)
    .join(", ");
}
