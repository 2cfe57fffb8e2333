import { execa } from "execa";
import { z } from "zod";
import type { Github } from "../../github/client.ts";
import { GithubRefusal } from "../../github/refusal.ts";
import { inherited } from "../../secrets/inherited.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { type Question, shaped } from "../question.ts";
import { inspectGithubToken } from "../tokens/github.ts";

export const repository: Question = {
  name: "repository",
  text: "Which repository at GitHub is this?",
  purpose: "The workflows run there. It is read from the remote origin, where that is GitHub's.",
  link: "https://github.com/new",
  async find(bench) {
    const { GITHUB_REPOSITORY } = bench.context.env;
    if (GITHUB_REPOSITORY) return GITHUB_REPOSITORY;
    const remote = await output(bench, "git", ["remote", "get-url", "origin"]);
    return /github\.com[:/]([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/.exec(remote ?? "")?.[1];
  },
  check: shaped(/^[\w.-]+\/[\w.-]+$/, "owner/name"),
};

export const githubToken: Question = {
  name: "github-token",
  text: "A GitHub token of an administrator of the repository",
  purpose:
    "It makes the GitHub Environments, protects main and the tags, and writes labels and variables. A fine-grained token for this one repository is enough: Administration, Environments, Secrets, Variables and Issues read and write. It is used now and kept nowhere.",
  link: "https://github.com/settings/personal-access-tokens/new",
  secret: true,
  async find(bench) {
    const { GITHUB_TOKEN, GH_TOKEN } = bench.context.env;
    return GITHUB_TOKEN ?? GH_TOKEN ?? (await output(bench, "gh", ["auth", "token"]));
  },
  check: async (bench, token) =>
    inspectGithubToken(clients.github(bench, await bench.ask(repository), token)),
};

export const reviewers: Question = {
  name: "reviewers",
  text: "Who approves a release to prod? GitHub logins, separated by commas",
  purpose: "At least one of them has to approve before a release, or a rollback of prod, touches anything.",
  async find(bench) {
    const hub = clients.github(bench, await bench.ask(repository), await bench.ask(githubToken));
    const logins = await reviewersOf(hub, "prod");
    return logins.length > 0 ? logins.join(",") : undefined;
  },
  async suggest(bench) {
    const hub = clients.github(bench, await bench.ask(repository), await bench.ask(githubToken));
    try {
      const { data } = await hub.request("GET /user");
      return data.login;
    } catch (error) {
      // The token of an app stands for no person.
      if (error instanceof GithubRefusal && error.kind === "forbidden") return undefined;
      throw error;
    }
  },
  async check(bench, answer) {
    const hub = clients.github(bench, await bench.ask(repository), await bench.ask(githubToken));
    const logins = listed(answer);
    const unknown = await Promise.all(
      logins.map(async (login) => {
        try {
          await hub.request("GET /users/{username}", { username: login });
          return [];
        } catch (error) {
          if (error instanceof GithubRefusal && error.kind === "not-found") return [login];
          throw error;
        }
      }),
    );
    const names = unknown.flat();
    return names.length === 0 ? [] : [{ wrong: true, text: `GitHub knows no ${names.join(", ")}.` }];
  },
};

const Environment = z.object({
  protection_rules: z.array(
    z.looseObject({
      reviewers: z.array(z.object({ reviewer: z.object({ login: z.string().optional() }) })).optional(),
    }),
  ),
});

/** Who has to approve what is deployed to a GitHub Environment; nobody where there is none. */
async function reviewersOf(hub: Github, name: string): Promise<string[]> {
  try {
    const { data } = await hub.request("GET /repos/{owner}/{repo}/environments/{environment_name}", {
      ...hub.at,
      environment_name: name,
    });
    const { protection_rules } = Environment.parse(data);
    return protection_rules
      .flatMap(({ reviewers: people }) => people ?? [])
      .flatMap(({ reviewer }) => reviewer.login ?? []);
  } catch (error) {
    if (error instanceof GithubRefusal && error.kind === "not-found") return [];
    throw error;
  }
}

/** The parts of an answer that is a list. */
export function listed(answer: string): string[] {
  return answer
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** What a program says, where it is installed and succeeds. */
async function output(bench: Bench, program: string, args: string[]): Promise<string | undefined> {
  const result = await execa(program, args, {
    cwd: bench.context.root,
    env: inherited(),
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  return result.exitCode === 0 && result.stdout !== "" ? result.stdout : undefined;
}
