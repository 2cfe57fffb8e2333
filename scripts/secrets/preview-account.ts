import { EXIT, UserError } from "../errors.ts";
import { mask } from "./redaction.ts";

/** The Cloudflare account that holds the previews of pull requests, and nothing else. */
export interface PreviewAccount {
  accountId: string;
  token: string;
  /** Where Cloudflare's API is; undefined for the real one. */
  baseUrl: string | undefined;
  /** What wrangler gets of the environment. */
  wranglerEnv: Record<string, string>;
}

/** The ESC environment of the project, and its variables' names where there is no ESC. */
const ENVIRONMENT = "edge-preview";
const TOKEN = "PREVIEW_CLOUDFLARE_API_TOKEN";
const ACCOUNT = "PREVIEW_CLOUDFLARE_ACCOUNT_ID";

/**
 * Opens the account for previews: the ESC environment `<project>/edge-preview`, else the variables of `env`. Undefined
 * where nobody has set one up: previews of the edge are optional.
 *
 * A token that may edit one Worker of an account may edit them all, so this has to be an account without any stack: what a
 * pull request's code could do with the token is then what the pull request may do anyway.
 *
 * @param stackAccounts the account of each stack, by its name
 * @throws UserError `secret-missing`, `preview-account-shared`
 */
export async function openPreviewAccount(
  project: string,
  stackAccounts: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
): Promise<PreviewAccount | undefined> {
  const values = env.PULUMI_ORG
    ? await (await import("./esc.ts")).readEnvironmentIfThere(env.PULUMI_ORG, project, ENVIRONMENT, env)
    : env;
  if (!values) return undefined;
  const token = values[TOKEN];
  const accountId = values[ACCOUNT];
  if (token) mask(token);
  if (!token && !accountId) return undefined;
  if (!token || !accountId) {
    throw new UserError(
      "secret-missing",
      `The account for previews lacks ${token ? ACCOUNT : TOKEN}.`,
      `Set both ${TOKEN} and ${ACCOUNT} in the ESC environment ${project}/${ENVIRONMENT}, or neither.`,
      EXIT.usage,
    );
  }
  const owner = Object.entries(stackAccounts).find(([, account]) => account === accountId)?.[0];
  if (owner !== undefined) {
    throw new UserError(
      "preview-account-shared",
      `The account for previews is that of stack ${owner}: whoever opens a pull request could change what runs there.`,
      `Make a second Cloudflare account, which costs nothing, and put its id and a token for it into ${project}/${ENVIRONMENT}.`,
      EXIT.usage,
    );
  }
  const apiUrl = values.CLOUDFLARE_API_BASE_URL ?? env.CLOUDFLARE_API_BASE_URL;
  return {
    accountId,
    token,
    baseUrl: values.CLOUDFLARE_BASE_URL ?? env.CLOUDFLARE_BASE_URL,
    wranglerEnv: {
      CLOUDFLARE_API_TOKEN: token,
      ...(apiUrl ? { CLOUDFLARE_API_BASE_URL: apiUrl } : {}),
    },
  };
}
