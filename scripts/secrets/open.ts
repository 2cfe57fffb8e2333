import { UserError } from "../errors.ts";
import { mask } from "./redaction.ts";
import { type Consumer, ENDPOINTS, VARIABLES } from "./variables.ts";

/** What a job may do with what it opens: a preview only reads, and gets credentials that can do no more. */
export type Purpose =
  | "preview"
  | "deploy"
  /** Works on what runs, and needs only the variables that it asks for. */
  | "operate";

/** The opened variables of one stack, already masked. */
export interface Secrets {
  /** The variables that this consumer needs, endpoints included; nothing that only others need. */
  forConsumer(consumer: Consumer): Record<string, string>;
  /** One variable that the caller can't do without. @throws UserError `secret-missing` */
  require(name: string): string;
  get(name: string): string | undefined;
}

/**
 * Opens the secrets of a stack: the Pulumi ESC environment `<project>/<stack>` (for previews its read-only twin
 * `<project>/<stack>-preview`) by the workflow's OIDC token when PULUMI_ORG is set, else the variables of `env`.
 *
 * Every value is masked before anything else happens.
 *
 * @throws UserError `secret-missing` naming every required variable that is not there, at once
 */
export async function openSecrets(
  project: string,
  stack: string,
  purpose: Purpose,
  env: NodeJS.ProcessEnv,
): Promise<Secrets> {
  const environment = purpose === "preview" ? `${stack}-preview` : stack;
  const fromEsc = env.PULUMI_ORG
    ? await (await import("./esc.ts")).readEnvironment(env.PULUMI_ORG, project, environment, env)
    : undefined;
  const source = fromEsc ? `ESC environment ${env.PULUMI_ORG}/${project}/${environment}` : "the environment";

  const values = new Map<string, string>();
  for (const variable of VARIABLES) {
    const value = fromEsc?.[variable.name] ?? env[variable.name];
    if (value === undefined || value === "") continue;
    if (variable.secret) mask(value);
    values.set(variable.name, value);
  }
  const required = purpose === "operate" ? [] : VARIABLES.filter((variable) => variable.required);
  const missing = required.filter((variable) => !values.has(variable.name));
  if (missing.length > 0) {
    throw new UserError(
      "secret-missing",
      `${source} lacks ${missing.map((variable) => variable.name).join(", ")} for ${purpose} of ${stack}.`,
      missing.map((variable) => `Set ${variable.name}: ${variable.what}.`).join("\n"),
      2,
    );
  }
  for (const { name } of ENDPOINTS) {
    const value = fromEsc?.[name] ?? env[name];
    if (value) values.set(name, value);
  }

  return {
    forConsumer(consumer) {
      const names = [...VARIABLES, ...ENDPOINTS].filter((entry) => entry.for.includes(consumer));
      return Object.fromEntries(
        names.flatMap(({ name }) => {
          const value = values.get(name);
          return value === undefined ? [] : [[name, value]];
        }),
      );
    },
    get: (name) => values.get(name),
    require(name) {
      const value = values.get(name);
      if (value !== undefined) return value;
      const what = VARIABLES.find((variable) => variable.name === name)?.what ?? name;
      throw new UserError("secret-missing", `${source} lacks ${name}.`, `Set ${name}: ${what}.`, 2);
    },
  };
}

/** Takes every secret out of this process's environment, so that no child process inherits one by accident. */
export function withdrawSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = { ...env };
  const names = [
    ...VARIABLES.filter((variable) => variable.secret).map((variable) => variable.name),
    "GITHUB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "PREVIEW_CLOUDFLARE_API_TOKEN",
    "PREVIEW_NEON_API_KEY",
  ];
  for (const name of names) delete env[name];
  return copy;
}
