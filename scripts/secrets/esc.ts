import { z } from "zod";
import { UserError } from "../errors.ts";
import { requestIdToken } from "../github/oidc.ts";
import { patiently, reasonOf, request } from "../providers/request.ts";
import { mask, redact } from "./redaction.ts";

const PULUMI_API = "https://api.pulumi.com";

const CHECK =
  "Check that the environment exists and that its OIDC policy names this repository, workflow and branch (docs/playbook.md, “ESC refuses”).";

const TokenResponse = z.object({ access_token: z.string().min(1) });
const Opened = z.object({ environmentVariables: z.record(z.string(), z.coerce.string()).default({}) });

/**
 * Opens one ESC environment and reads its `environmentVariables`.
 *
 * In Actions the workflow's OIDC token is exchanged for a short-lived one
 * (https://www.pulumi.com/docs/pulumi-cloud/access-management/oidc/client/github/); elsewhere PULUMI_ACCESS_TOKEN is used.
 *
 * @throws UserError `esc-no-identity`, `esc-refused` when the exchange or the environment is refused, `esc-unreachable`
 */
export async function readEnvironment(
  org: string,
  project: string,
  environment: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const found = await readEnvironmentIfThere(org, project, environment, env);
  if (found) return found;
  throw new UserError(
    "esc-refused",
    `Pulumi ESC did not open ${org}/${project}/${environment}: 404, there is none.`,
    CHECK,
  );
}

/** The same for an environment that there may be: undefined where Pulumi ESC knows none of that name. */
export async function readEnvironmentIfThere(
  org: string,
  project: string,
  environment: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string> | undefined> {
  const api = env.PULUMI_API ?? PULUMI_API;
  const accessToken = env.ACTIONS_ID_TOKEN_REQUEST_URL
    ? await exchange(api, org, await identityOf(env, org))
    : env.PULUMI_ACCESS_TOKEN;
  if (!accessToken) {
    throw new UserError(
      "esc-no-identity",
      `Nothing proves to Pulumi ESC who asks for ${org}/${project}/${environment}.`,
      "Run in GitHub Actions with `id-token: write`, or set PULUMI_ACCESS_TOKEN, or unset PULUMI_ORG to use plain environment variables.",
      2,
    );
  }
  mask(accessToken);

  const { Configuration, EscApi } = await import("@pulumi/esc-sdk");
  const configuration = new Configuration({ accessToken });
  const client = new EscApi(configuration);
  // EscApi's constructor drops the port of a base path (esc-sdk 0.12), so it is set afterwards.
  configuration.basePath = new URL("/api/esc", api).toString();
  const opened = await patiently(
    () => client.openAndReadEnvironment(org, project, environment),
    (outcome) => ("error" in outcome && isPassing(refusalOf(outcome.error)) ? "again" : "done"),
  ).catch((error: unknown) => {
    const refusal = refusalOf(error);
    if (!refusal) throw unreachable(api, error);
    if (refusal.status === 404) return "none" as const;
    throw new UserError(
      "esc-refused",
      `Pulumi ESC did not open ${org}/${project}/${environment}: ${redact(`${refusal.status} ${refusal.message}`).trim()}`,
      isPassing(refusal) ? "Run the job again; if it stays, look at status.pulumi.com." : CHECK,
      1,
      { cause: error },
    );
  });
  if (opened === "none") return undefined;
  return Opened.parse(opened?.values ?? {}).environmentVariables;
}

/** The job's identity token, known as a secret from here on. */
async function identityOf(env: NodeJS.ProcessEnv, org: string): Promise<string> {
  const token = await requestIdToken(env, `urn:pulumi:org:${org}`);
  mask(token);
  return token;
}

async function exchange(api: string, org: string, idToken: string): Promise<string> {
  const response = await request(new URL("/api/oauth/token", api), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `urn:pulumi:org:${org}`,
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      requested_token_type: "urn:pulumi:token-type:access_token:organization",
      subject_token: idToken,
    }),
  }).catch((error: unknown) => {
    throw unreachable(api, error);
  });
  const text = await response.text();
  if (!response.ok) {
    throw new UserError(
      "esc-refused",
      `Pulumi Cloud answered ${response.status} to the exchange of this job's identity for org ${org}: ${redact(text).slice(0, 300)}`,
      isPassing(response)
        ? "Run the job again; if it stays, look at status.pulumi.com."
        : "Register GitHub as an OIDC issuer of the organization with a policy for this repository (docs/playbook.md, “ESC refuses”).",
    );
  }
  return TokenResponse.parse(JSON.parse(text)).access_token;
}

function unreachable(api: string, cause: unknown): UserError {
  return new UserError(
    "esc-unreachable",
    `Pulumi Cloud at ${api} does not answer: ${reasonOf(cause)}.`,
    "Run the job again; if it stays, look at status.pulumi.com and at PULUMI_API.",
    1,
    { cause },
  );
}

const Refusal = z.object({
  response: z.object({ status: z.number(), data: z.object({ message: z.string() }).partial().catch({}) }),
});

/** The status and the words of what the SDK threw; undefined where no answer came. */
function refusalOf(error: unknown): { status: number; message: string } | undefined {
  const parsed = Refusal.safeParse(error);
  if (!parsed.success) return undefined;
  const { status, data } = parsed.data.response;
  return { status, message: data.message ?? "" };
}

/** Whether the same call may go well a little later. */
function isPassing(refusal: { status: number } | undefined): boolean {
  return refusal === undefined || refusal.status === 429 || refusal.status >= 500;
}
