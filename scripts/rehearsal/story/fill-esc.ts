import { Configuration, EscApi } from "@pulumi/esc-sdk";
import { stringify } from "yaml";
import type { Stage } from "../stage/stage.ts";

/** Makes the four environments of the project, as the set-up wizard would: previews get read-only tokens. */
export async function fillEsc(stage: Stage): Promise<void> {
  const { canaries } = stage;
  const forDeploys = Object.fromEntries(
    Object.entries(canaries).filter(([name]) => !name.endsWith("_PREVIEW")),
  );
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

/** Makes one environment of the project with these variables, all of them secrets. */
export async function addEnvironment(
  { clouds }: Stage,
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const configuration = new Configuration({ accessToken: clouds.esc.token });
  const api = new EscApi(configuration);
  // EscApi's constructor drops the port of a base path (esc-sdk 0.12), so it is set afterwards.
  configuration.basePath = new URL("/api/esc", clouds.esc.url).toString();
  await api.createEnvironment(clouds.esc.org, "quayside", name);
  const environmentVariables = Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [key, { "fn::secret": value }]),
  );
  await api.updateEnvironmentYaml(
    clouds.esc.org,
    "quayside",
    name,
    stringify({ values: { environmentVariables } }),
  );
}
