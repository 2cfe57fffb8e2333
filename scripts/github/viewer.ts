import { z } from "zod";
import type { Github } from "./client.ts";
import { GithubRefusal } from "./refusal.ts";

const Viewer = z.object({ data: z.object({ viewer: z.object({ login: z.string() }) }) });
const WORKFLOW_BOT = "github-actions[bot]";

const known = new WeakMap<Github, Promise<string>>();

/**
 * The login that the token acts as: `github-actions[bot]` for a workflow's own token. Asked for by GraphQL, as REST's
 * `GET /user` refuses tokens of apps.
 */
export function viewerLogin(github: Github): Promise<string> {
  const asked = known.get(github) ?? ask(github);
  known.set(github, asked);
  return asked;
}

async function ask(github: Github): Promise<string> {
  try {
    const { data } = await github.request("POST /graphql", {
      query: "{ viewer { login } }",
      request: { repeatable: true },
    });
    const parsed = Viewer.safeParse(data);
    return parsed.success ? parsed.data.data.viewer.login : WORKFLOW_BOT;
  } catch (error) {
    if (error instanceof GithubRefusal) return WORKFLOW_BOT;
    throw error;
  }
}

/** Whether an author as REST has it (`app[bot]`) is the login as GraphQL has it (with or without `[bot]`). */
export function isViewer(author: string | undefined, login: string): boolean {
  const plain = (name: string): string => name.replace(/\[bot\]$/, "").toLowerCase();
  return author !== undefined && plain(author) === plain(login);
}
