import { z } from "zod";
import type { Github } from "../../github/client.ts";
import { GithubRefusal } from "../../github/refusal.ts";
import { homeOf, type Project, stageOf } from "../../stack/stacks.ts";
import type { Bench } from "../bench.ts";
import { github } from "../facts/github.ts";
import { listed, reviewers } from "../questions/github.ts";
import type { Action, Step } from "../step.ts";

const Environment = z.object({
  deployment_branch_policy: z.object({ custom_branch_policies: z.boolean() }).nullish(),
  protection_rules: z
    .array(
      z.looseObject({
        type: z.string(),
        reviewers: z
          .array(z.object({ reviewer: z.object({ id: z.number(), login: z.string() }) }))
          .optional(),
      }),
    )
    .default([]),
});
const Policies = z.object({
  branch_policies: z.array(
    z.object({ id: z.number(), name: z.string(), type: z.string().default("branch") }),
  ),
});

interface Ref {
  type: "branch" | "tag";
  name: string;
}

/** What a stack is deployed from: rollbacks run on main. */
function refsOf({ project }: Bench, stack: string): Ref[] {
  const main: Ref = { type: "branch", name: "main" };
  const tags: Ref = { type: "tag", name: `${homeOf(project, stack).prefix}v*` };
  return isProd(project, stack) ? [main, tags] : [main];
}

function isProd(project: Project, stack: string): boolean {
  return stageOf(project, stack) === "prod";
}

export const environmentsStep: Step = {
  name: "environments",
  title: "The GitHub Environments",
  purpose:
    "A job that writes to a stack runs in the environment of that name: from main or from a version tag only, and for prod after somebody has approved it.",
  async find(bench) {
    const hub = await github(bench);
    const found = await Promise.all(bench.project.stacks.map((stack) => findEnvironment(bench, hub, stack)));
    return found.flat();
  },
};

async function findEnvironment(bench: Bench, hub: Github, stack: string): Promise<Action[]> {
  const logins = isProd(bench.project, stack) ? listed(await bench.ask(reviewers)) : [];
  const at = { ...hub.at, environment_name: stack };
  const there = await read(hub, stack);
  const known = there?.environment.protection_rules.flatMap((rule) => rule.reviewers ?? []) ?? [];
  const approved = known.map(({ reviewer }) => reviewer.login.toLowerCase());
  const guarded =
    there?.environment.deployment_branch_policy?.custom_branch_policies === true &&
    logins.every((login) => approved.includes(login.toLowerCase()));
  const refs = refsOf(bench, stack);
  const missing = refs.filter(
    ({ type, name }) => !there?.policies.some((policy) => policy.name === name && policy.type === type),
  );
  const surplus = (there?.policies ?? []).filter(
    (policy) => !refs.some(({ type, name }) => policy.name === name && policy.type === type),
  );
  const who = logins.length > 0 ? `, approved by ${logins.join(" or ")}` : "";
  return [
    ...(guarded
      ? []
      : [
          {
            tells: `${there ? "guard" : "make"} the GitHub Environment ${stack}${who}`,
            do: async () =>
              hub.request("PUT /repos/{owner}/{repo}/environments/{environment_name}", {
                ...at,
                // This call sets all of it anew, so that reviewers who are there already are named again.
                reviewers: await reviewersOf(hub, [
                  ...logins,
                  ...known.map(({ reviewer }) => reviewer.login),
                ]),
                deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
              }),
          },
        ]),
    ...missing.map(({ type, name }) => ({
      tells: `let ${stack} deploy from the ${type} ${name}`,
      do: () =>
        hub.request("POST /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies", {
          ...at,
          name,
          type,
        }),
    })),
    ...surplus.map(({ id, type, name }) => ({
      tells: `let ${stack} deploy no more from the ${type} ${name}`,
      do: () =>
        hub.request(
          "DELETE /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies/{branch_policy_id}",
          { ...at, branch_policy_id: id },
        ),
    })),
  ];
}

async function read(hub: Github, stack: string) {
  const at = { ...hub.at, environment_name: stack };
  try {
    const { data } = await hub.request("GET /repos/{owner}/{repo}/environments/{environment_name}", at);
    const environment = Environment.parse(data);
    if (!environment.deployment_branch_policy?.custom_branch_policies) return { environment, policies: [] };
    const listing = await hub.request(
      "GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies",
      { ...at, per_page: 100 },
    );
    return { environment, policies: Policies.parse(listing.data).branch_policies };
  } catch (error) {
    if (error instanceof GithubRefusal && error.kind === "not-found") return undefined;
    throw error;
  }
}

async function reviewersOf(hub: Github, logins: string[]) {
  const unique = [...new Map(logins.map((login) => [login.toLowerCase(), login])).values()];
  return Promise.all(
    unique.map(async (username) => {
      const { data } = await hub.request("GET /users/{username}", { username });
      return { type: "User" as const, id: Number(data.id) };
    }),
  );
}
