import { z } from "zod";
import { type Bench, Unanswered } from "../bench.ts";
import { clients } from "../clients.ts";
import type { Question } from "../question.ts";
import { administers, inspectPulumiToken, pulumiOrganizations } from "../tokens/pulumi.ts";
import { githubToken, repository } from "./github.ts";

export const home: Question = {
  name: "home",
  text: "Where do the secrets and the state live?",
  purpose:
    "With Pulumi Cloud no secret is kept at GitHub: each job proves what it is and gets what it may open, for two hours. It needs an organization of the Team edition or above. Without it, the secrets for deployments are GitHub's, each stack's in its GitHub Environment, and a bucket at R2 keeps the state. Those for previews only read and are the repository's: whoever may push a branch can read them.",
  link: "https://www.pulumi.com/pricing/",
  choices: [
    { value: "pulumi", text: "Pulumi Cloud: secrets in ESC, state beside them" },
    {
      value: "github",
      text: "GitHub: environment secrets, and an R2 bucket for the state",
    },
  ],
  suggest: async () => "pulumi",
  async find(bench) {
    if (bench.context.env.PULUMI_ORG) return "pulumi";
    const { PULUMI_ORG, PULUMI_BACKEND_URL } = await ownVariables(bench);
    return PULUMI_ORG ? "pulumi" : PULUMI_BACKEND_URL ? "github" : undefined;
  },
};

const Variables = z.object({ variables: z.array(z.object({ name: z.string(), value: z.string() })) });

/** The repository's variables, where an earlier run has written them and somebody has a token to read them. */
async function ownVariables(bench: Bench): Promise<Record<string, string>> {
  try {
    const hub = clients.github(bench, await bench.ask(repository), await bench.ask(githubToken));
    const { data } = await hub.request("GET /repos/{owner}/{repo}/actions/variables", {
      ...hub.at,
      per_page: 30,
    });
    return Object.fromEntries(Variables.parse(data).variables.map(({ name, value }) => [name, value]));
  } catch (error) {
    if (error instanceof Unanswered) return {};
    throw error;
  }
}

export const pulumiToken: Question = {
  name: "pulumi-token",
  text: "An access token of an administrator of the Pulumi organization",
  purpose:
    "It makes the ESC environments and the trust in GitHub. It is used now and kept nowhere; the pipeline never gets it.",
  link: "https://app.pulumi.com/account/tokens",
  secret: true,
  find: async (bench) => bench.context.env.PULUMI_ACCESS_TOKEN,
  check: (bench, token) => inspectPulumiToken(clients.pulumi(bench, token)),
};

export const pulumiOrganization: Question = {
  name: "pulumi-organization",
  text: "Which organization at Pulumi Cloud?",
  purpose: "The environments and the trust belong to it. Where the token knows one only, it is that one.",
  async find(bench) {
    if (bench.context.env.PULUMI_ORG) return bench.context.env.PULUMI_ORG;
    const names = await pulumiOrganizations(clients.pulumi(bench, await bench.ask(pulumiToken)));
    return names?.length === 1 ? names[0] : undefined;
  },
  async check(bench, organization) {
    return administers(clients.pulumi(bench, await bench.ask(pulumiToken)), organization);
  },
};
