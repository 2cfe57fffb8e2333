import { EXIT, UserError } from "../errors.ts";
import { mask } from "./redaction.ts";

/** The Neon project in which pull requests may have branches. */
export interface PreviewDatabase {
  key: string;
  /** Its id, as the console's address has it. */
  project: string;
  /** Where Neon's API is; undefined for the real one. */
  baseUrl: string | undefined;
}

/** In the ESC environment that pull requests may open; the variables' names where there is no ESC. */
const ENVIRONMENT = "edge-preview";
const KEY = "PREVIEW_NEON_API_KEY";
const PROJECT = "PREVIEW_NEON_PROJECT";

/**
 * Opens what a pull request's branch is made with: from the ESC environment `<project>/edge-preview`, else from the variables of
 * `env`. Undefined where nobody has set it up.
 *
 * @throws UserError `secret-missing`
 */
export async function openPreviewDatabase(
  project: string,
  env: NodeJS.ProcessEnv,
): Promise<PreviewDatabase | undefined> {
  const values = env.PULUMI_ORG
    ? await (await import("./esc.ts")).readEnvironmentIfThere(env.PULUMI_ORG, project, ENVIRONMENT, env)
    : env;
  const key = values?.[KEY];
  const id = values?.[PROJECT];
  if (key) mask(key);
  if (!key && !id) return undefined;
  if (!key || !id)
    throw new UserError(
      "secret-missing",
      `For pull requests' database branches ${key ? PROJECT : KEY} is missing.`,
      `Set both ${KEY} and ${PROJECT} in the ESC environment ${project}/${ENVIRONMENT}, or neither.`,
      EXIT.usage,
    );
  const host = values?.NEON_API_URL ?? env.NEON_API_URL;
  return { key, project: id, baseUrl: host && `${host.replace(/\/api\/v2$/, "")}/api/v2` };
}
