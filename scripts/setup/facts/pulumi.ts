import type { RestApi } from "../../providers/rest.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { home, pulumiOrganization, pulumiToken } from "../questions/home.ts";

/** Pulumi Cloud with an administrator's token, and its organization; undefined where it is not used. */
export function pulumi(bench: Bench): Promise<{ api: RestApi; organization: string } | undefined> {
  return bench.fact("pulumi", async () => {
    if ((await bench.ask(home)) !== "pulumi") return undefined;
    const api = clients.pulumi(bench, await bench.ask(pulumiToken));
    return { api, organization: await bench.ask(pulumiOrganization) };
  });
}
