import { z } from "zod";
import { UserError } from "../errors.ts";
import { requestIdToken } from "../github/oidc.ts";
import { mask } from "./redaction.ts";

const PULUMI_API = "https://api.pulumi.com";

const TokenResponse = z.object({ access_token: z.string().min(1) });
const Opened = z.object({ environmentVariables: z.record(z.string(), z.coerce.string()).default({}) });

/**
 * Opens one ESC environment and reads its `environmentVariables`.
 *
 * In Actions the workflow's OIDC token is exchanged for a short-lived one
 * (https://www.pulumi.com/docs/pulumi-cloud/access-management/oidc/client/github/); elsewhere PULUMI_ACCESS_TOKEN is used.
 *
 * @throws UserError `esc-refused` when the exchange or the environment is refused
 */
export async function readEnvironment(
  org: string,
  project: string,
  environment: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const api = env.PULUMI_API ?? PULUMI_API;
  const accessToken = env.ACTIONS_ID_TOKEN_REQUEST_URL
    ? await exchange(api, org, await requestIdToken(env, `urn:pulumi:org:${org}`))
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
  try {
    const opened = await client.openAndReadEnvironment(org, project, environment);
    return Opened.parse(opened?.values ?? {}).environmentVariables;
  } catch (error) {
    throw new UserError(
      "esc-refused",
      `Pulumi ESC did not open ${org}/${project}/${environment}: ${reason(error)}`,
      "Check that the environment exists and that its OIDC policy names this repository, workflow and branch (docs/playbook.md, “ESC refuses”).",
      1,
      { cause: error },
    );
  }
}

async function exchange(api: string, org: string, idToken: string): Promise<string> {
  const response = await fetch(new URL("/api/oauth/token", api), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `urn:pulumi:org:${org}`,
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      requested_token_type: "urn:pulumi:token-type:access_token:organization",
      subject_token: idToken,
    }),
  });
  if (!response.ok) {
    throw new UserError(
      "esc-refused",
      `Pulumi Cloud answered ${response.status} to the exchange of this job's identity for org ${org}: ${(await response.text()).slice(0, 300)}`,
      "Register GitHub as an OIDC issuer of the organization with a policy for this repository (docs/playbook.md, “ESC refuses”).",
    );
  }
  return TokenResponse.parse(await response.json()).access_token;
}

function reason(error: unknown): string {
  const shape = z.object({
    response: z.object({ status: z.number(), data: z.object({ message: z.string() }).partial() }),
  });
  const parsed = shape.safeParse(error);
  if (!parsed.success) return error instanceof Error ? error.message : String(error);
  return `${parsed.data.response.status} ${parsed.data.response.data.message ?? ""}`.trim();
}
