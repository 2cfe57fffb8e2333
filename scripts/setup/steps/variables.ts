import { z } from "zod";
import { github } from "../facts/github.ts";
import { pulumi } from "../facts/pulumi.ts";
import type { Step } from "../step.ts";
import { backendUrl } from "./state.ts";

const Variables = z.object({ variables: z.array(z.object({ name: z.string(), value: z.string() })) });

export const variablesStep: Step = {
  name: "variables",
  title: "The repository's variables",
  purpose: "They tell the workflows where the secrets and the state are. They are no secrets.",
  async find(bench) {
    const hub = await github(bench);
    const wanted: Record<string, string | undefined> = {
      PULUMI_ORG: (await pulumi(bench))?.organization,
      PULUMI_BACKEND_URL: await backendUrl(bench),
    };
    const path = "/repos/{owner}/{repo}/actions/variables";
    const { variables } = Variables.parse(
      (await hub.request(`GET ${path}`, { ...hub.at, per_page: 30 })).data,
    );
    return Object.entries(wanted).flatMap(([name, value]) => {
      const known = variables.find((variable) => variable.name === name)?.value;
      if (known === value) return [];
      if (value === undefined)
        return [
          { tells: `delete the variable ${name}`, do: () => hub.request(`DELETE ${path}/${name}`, hub.at) },
        ];
      const body = { ...hub.at, name, value };
      const route = known === undefined ? `POST ${path}` : `PATCH ${path}/${name}`;
      return [{ tells: `set the variable ${name} to ${value}`, do: () => hub.request(route, body) }];
    });
  },
};
