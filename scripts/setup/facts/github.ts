import { z } from "zod";
import type { Github } from "../../github/client.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { githubToken, repository } from "../questions/github.ts";
import { type RepositoryFacts, readRepository } from "../tokens/github.ts";

/** The repository at GitHub, with the token of whoever sets it up. */
export function github(bench: Bench): Promise<Github> {
  return bench.fact("github", async () =>
    clients.github(bench, await bench.ask(repository), await bench.ask(githubToken)),
  );
}

export function repositoryFacts(bench: Bench): Promise<RepositoryFacts> {
  return bench.fact("repository", async () => readRepository(await github(bench)));
}

/**
 * What the subjects of this repository's identity tokens begin with. For repositories that were made, renamed or transferred
 * since July 2026 it has their ids in it (`repo:owner@12/name@34`), so it is asked for and never put together.
 * https://docs.github.com/actions/reference/security/oidc
 */
export function subjectPrefix(bench: Bench): Promise<string> {
  return bench.fact("subject-prefix", async () => {
    const hub = await github(bench);
    const { data } = await hub.request("GET /repos/{owner}/{repo}/actions/oidc/customization/sub", hub.at);
    const { sub_claim_prefix } = z.object({ sub_claim_prefix: z.string().optional() }).parse(data);
    return sub_claim_prefix ?? `repo:${hub.repository.owner}/${hub.repository.name}`;
  });
}
