import { z } from "zod";
import { clients } from "../clients.ts";
import { dopplerToken } from "../questions/doppler.ts";
import type { Action, Step } from "../step.ts";

const Environments = z.object({ environments: z.array(z.object({ slug: z.string() })) });

/** Doppler's own name for a stack's environment: a new project has dev, stg and prd. */
export function dopplerConfig(stack: string): string {
  return stack === "prod" ? "prd" : stack;
}

export const dopplerStep: Step = {
  name: "doppler",
  title: "The app's own secrets at Doppler",
  purpose:
    "One project with a config for each stack. The servers get them by a service token that reads that config alone.",
  async find(bench) {
    const token = await bench.ask(dopplerToken);
    if (token === "") return [];
    const api = clients.doppler(bench, token);
    const { name, stacks } = bench.project;
    const there = await api.find(`/environments?project=${name}`, Environments);
    // A new project comes with these.
    const present = there?.environments.map(({ slug }) => slug) ?? ["dev", "stg", "prd"];
    const actions: Action[] = there
      ? []
      : [
          {
            tells: `make the Doppler project ${name}`,
            do: () =>
              api.call("POST", "/projects", z.unknown(), { name, description: "The app's own secrets" }),
          },
        ];
    const missing = stacks.map(dopplerConfig).filter((slug) => !present.includes(slug));
    return [
      ...actions,
      ...missing.map((slug) => ({
        tells: `make its environment ${slug}, with the config ${slug}`,
        do: () => api.call("POST", `/environments?project=${name}`, z.unknown(), { name: slug, slug }),
      })),
    ];
  },
};
