import { z } from "zod";
import { GithubRefusal } from "../github/refusal.ts";
import type { Bench } from "../setup/bench.ts";
import { clients } from "../setup/clients.ts";
import { github } from "../setup/facts/github.ts";
import { pulumi } from "../setup/facts/pulumi.ts";
import { neonKey } from "../setup/questions/neon.ts";
import { secretPlace } from "../setup/secret-places.ts";
import { neonProject, projectName, settled } from "../setup/steps/neon.ts";

/** One thing that the set-up had made for a stack, beside what the engine made. */
export interface AccountPart {
  what: string;
  remove(): Promise<unknown>;
}

const Branches = z.object({
  branches: z.array(z.object({ id: z.string(), name: z.string() })),
});
const Tokens = z.object({ tokens: z.array(z.object({ id: z.string(), name: z.string() })) });

/** What the set-up has made for a stack and is there: database branch, secrets, state token, GitHub Environment. */
export async function accountParts(bench: Bench, stack: string, alone: boolean): Promise<AccountPart[]> {
  const parts = await Promise.all([
    database(bench, stack, alone),
    stateToken(bench, stack),
    secrets(bench, stack, alone),
    environment(bench, stack),
  ]);
  return parts.flat();
}

/** The other stacks whose secrets are still there. */
export async function otherStacks(bench: Bench, stack: string): Promise<string[]> {
  const place = await secretPlace(bench);
  const others = bench.project.stacks.filter((name) => name !== stack);
  const kept = await Promise.all(others.map((name) => place.read(name, "deploy")));
  return others.filter((_name, index) => kept[index]?.exists && (kept[index]?.names.length ?? 0) > 0);
}

async function database(bench: Bench, stack: string, alone: boolean): Promise<AccountPart[]> {
  const key = await bench.ask(neonKey);
  if (key === "") return [];
  const api = clients.neon(bench, key);
  const [own, shared] = await Promise.all(
    [projectName(bench, stack), bench.project.name].map(async (name) => ({
      name,
      id: await neonProject(api, name),
    })),
  );
  if (own?.id === undefined && shared?.id === undefined) return [];
  const { branches } = shared?.id
    ? await api.call("GET", `/projects/${shared.id}/branches`, Branches)
    : { branches: [] };
  // As an earlier set-up made them, the other stacks are branches of prod's.
  const within = branches.filter(({ name }) => name !== "prod" && bench.project.stacks.includes(name));
  const whole = [own, shared].find((project) => {
    if (project?.id === undefined) return false;
    return project === own ? stack !== "prod" || alone || within.length === 0 : alone;
  });
  const branch = within.find(({ name }) => name === stack);
  const part = whole
    ? { what: `the Neon project ${whole.name}, with all data in it`, project: whole.id, path: "" }
    : branch && {
        what: `the branch ${stack} of the Neon project ${shared?.name}, with its data`,
        project: shared?.id,
        path: `/branches/${branch.id}`,
      };
  if (!part?.project) return [];
  const { what, path } = part;
  const project = part.project;
  return [
    {
      what,
      remove: async () => {
        await settled(api, project);
        await api.call("DELETE", `/projects/${project}${path}`, z.unknown());
      },
    },
  ];
}

async function stateToken(bench: Bench, stack: string): Promise<AccountPart[]> {
  const cloud = await pulumi(bench);
  if (!cloud) return [];
  const path = `/orgs/${cloud.organization}/tokens`;
  const { tokens } = await cloud.api.call("GET", path, Tokens);
  return tokens
    .filter(({ name }) => name === `${bench.project.name}-${stack}`)
    .map(({ id, name }) => ({
      what: `Pulumi's organization token ${name}`,
      remove: () => cloud.api.call("DELETE", `${path}/${id}`, z.unknown()),
    }));
}

async function secrets(bench: Bench, stack: string, alone: boolean): Promise<AccountPart[]> {
  const place = await secretPlace(bench);
  const uses = ["deploy", "preview"] as const;
  const found = await Promise.all(
    uses.map(async (use) => {
      const kept = await place.read(stack, use);
      // GitHub keeps the previews' secrets of all stacks in one place.
      const shared = kept.values === undefined && use === "preview" && !alone;
      if (!kept.exists || shared) return [];
      return [{ what: kept.place, remove: () => place.remove(stack, use) }];
    }),
  );
  return found.flat();
}

async function environment(bench: Bench, stack: string): Promise<AccountPart[]> {
  const hub = await github(bench);
  const at = { ...hub.at, environment_name: stack };
  try {
    await hub.request("GET /repos/{owner}/{repo}/environments/{environment_name}", at);
  } catch (error) {
    if (error instanceof GithubRefusal && error.kind === "not-found") return [];
    throw error;
  }
  return [
    {
      what: `the GitHub Environment ${stack}`,
      remove: () => hub.request("DELETE /repos/{owner}/{repo}/environments/{environment_name}", at),
    },
  ];
}
