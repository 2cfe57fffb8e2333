import { Configuration, EscApi } from "@pulumi/esc-sdk";
import { stringify } from "yaml";
import type { Stage } from "../stage/stage.ts";

/** Makes the four environments of the project, as the set-up wizard would: previews get read-only tokens. */
export async function fillEsc(stage: Stage): Promise<void> {
  const { canaries } = stage;
  const forDeploys = variablesForDeploys(stage);
  const forPreviews = {
    HCLOUD_TOKEN: canaries.HCLOUD_TOKEN_PREVIEW,
    CLOUDFLARE_API_TOKEN: canaries.CLOUDFLARE_API_TOKEN_PREVIEW,
    PULUMI_CONFIG_PASSPHRASE: canaries.PULUMI_CONFIG_PASSPHRASE,
    DIGEST_KEY: canaries.DIGEST_KEY,
  };
  for (const stack of ["dev", "prod"]) {
    await addEnvironment(stage, stack, forDeploys);
    await addEnvironment(stage, `${stack}-preview`, forPreviews);
  }
}

/** What jobs that deploy find in their environment. */
export function variablesForDeploys({ canaries }: Stage): Record<string, string> {
  return Object.fromEntries(Object.entries(canaries).filter(([name]) => !name.endsWith("_PREVIEW")));
}

/** Makes one environment of the project with these variables, all of them secrets. */
export async function addEnvironment(
  stage: Stage,
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await escApi(stage).createEnvironment(stage.clouds.esc.org, "quayside", name);
  await fillEnvironment(stage, name, variables);
}

/** Gives an environment of the project these variables, all of them secrets, and no others. */
export async function fillEnvironment(
  stage: Stage,
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const environmentVariables = Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [key, { "fn::secret": value }]),
  );
  await escApi(stage).updateEnvironmentYaml(
    stage.clouds.esc.org,
    "quayside",
    name,
    stringify({ values: { environmentVariables } }),
  );
}

function escApi({ clouds }: Stage): EscApi {
  const configuration = new Configuration({ accessToken: clouds.esc.token });
  const api = new EscApi(configuration);
  // EscApi's constructor drops the port of a base path (esc-sdk 0.12), so it is set afterwards.
  configuration.basePath = new URL("/api/esc", clouds.esc.url).toString();
  return api;
}
