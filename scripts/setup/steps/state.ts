import { z } from "zod";
import type { Bench } from "../bench.ts";
import { cloudflare, zone } from "../facts/cloudflare.ts";
import { home } from "../questions/home.ts";
import type { Step } from "../step.ts";

/** The bucket of a project's state. */
export function stateBucket(project: string): string {
  return `${project}-state`;
}

/** The state's address for Pulumi (https://www.pulumi.com/docs/iac/concepts/state-and-backends/); undefined for Pulumi Cloud. */
export async function backendUrl(bench: Bench): Promise<string | undefined> {
  if ((await bench.ask(home)) === "pulumi") return undefined;
  const { account } = await zone(bench);
  const endpoint = bench.context.env.R2_ENDPOINT ?? `https://${account.id}.r2.cloudflarestorage.com`;
  return `s3://${stateBucket(bench.project.name)}?region=auto&use_path_style=true&endpoint=${endpoint}`;
}

export const stateStep: Step = {
  name: "state",
  title: "Where the state is kept",
  purpose: "The state says what the stacks are made of. With Pulumi Cloud there is nothing to make.",
  async find(bench) {
    if ((await bench.ask(home)) === "pulumi") return [];
    const api = await cloudflare(bench, "write");
    const { account } = await zone(bench);
    const bucket = stateBucket(bench.project.name);
    if (await api.find(`/accounts/${account.id}/r2/buckets/${bucket}`, z.unknown())) return [];
    return [
      {
        tells: `make the R2 bucket ${bucket}`,
        do: () => api.call("POST", `/accounts/${account.id}/r2/buckets`, z.unknown(), { name: bucket }),
      },
    ];
  },
};
