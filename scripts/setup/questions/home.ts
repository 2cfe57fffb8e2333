import { clients } from "../clients.ts";
import type { Question } from "../question.ts";
import { administers, inspectPulumiToken, pulumiOrganizations } from "../tokens/pulumi.ts";

export const home: Question = {
  name: "home",
  text: "Where do the secrets and the state live?",
  purpose:
    "With Pulumi Cloud no secret is kept at GitHub: each job proves what it is and gets what it may open, for two hours. It needs an organization of the Team edition or above. Without it, the same pipeline takes GitHub's own secrets, and an R2 bucket keeps the state.",
  link: "https://www.pulumi.com/pricing/",
  choices: [
    { value: "pulumi", text: "Pulumi Cloud: secrets in ESC, state beside them" },
    { value: "github", text: "GitHub: environment secrets, and an R2 bucket for the state" },
  ],
  suggest: async () => "pulumi",
};

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
    const names = await pulumiOrganizations(clients.pulumi(bench, await bench.ask(pulumiToken)));
    return names?.length === 1 ? names[0] : undefined;
  },
  async check(bench, organization) {
    return administers(clients.pulumi(bench, await bench.ask(pulumiToken)), organization);
  },
};
