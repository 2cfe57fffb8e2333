import { z } from "zod";
import type { Github } from "../../github/client.ts";
import { GithubRefusal } from "../../github/refusal.ts";
import type { Finding } from "../question.ts";

const Repository = z.object({
  id: z.number(),
  full_name: z.string(),
  default_branch: z.string(),
  permissions: z.object({ admin: z.boolean() }).optional(),
});
export type RepositoryFacts = z.infer<typeof Repository>;

export async function readRepository(hub: Github): Promise<RepositoryFacts & { scopes: string[] }> {
  const { data, headers } = await hub.request("GET /repos/{owner}/{repo}", hub.at);
  const scopes = String(headers["x-oauth-scopes"] ?? "").split(/,\s*/);
  return { ...Repository.parse(data), scopes: scopes.filter((scope) => scope !== "") };
}

/** Scopes of a classic token that nothing here needs. https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps */
const NEEDLESS = /^(admin:|delete_repo|write:packages|user$|gist|site_admin|codespace)/;

/**
 * Whether a token can set its repository up. A fine-grained token can't say what it may do: what it lacks shows at the first
 * call that needs it, and GitHub names the permission then.
 */
export async function inspectGithubToken(hub: Github): Promise<Finding[]> {
  const name = `${hub.repository.owner}/${hub.repository.name}`;
  try {
    const { permissions, scopes } = await readRepository(hub);
    if (permissions?.admin === false) return [{ wrong: true, text: `It does not administer ${name}.` }];
    const needless = scopes.filter((scope) => NEEDLESS.test(scope));
    return needless.length === 0
      ? []
      : [{ wrong: false, text: `It is more powerful than it needs to be: ${needless.join(", ")}.` }];
  } catch (error) {
    if (!(error instanceof GithubRefusal)) throw error;
    if (error.kind === "unauthorized")
      return [
        { wrong: true, text: "GitHub does not know this token: it is mistyped, has expired or was revoked." },
      ];
    if (error.kind === "not-found")
      return [{ wrong: true, text: `It does not see ${name}: choose that repository in the token's form.` }];
    throw error;
  }
}
