import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";
import type { Bench } from "../bench.ts";
import { repositoryFacts, subjectPrefix } from "../facts/github.ts";
import { environmentName } from "../places/esc.ts";
import type { Use } from "../secret-places.ts";
import { GITHUB_ISSUER, type Owner, Policy } from "./policies.ts";

const Issuers = z.object({
  oidcIssuers: z.array(z.object({ id: z.string(), url: z.string() })).nullish(),
});
const AuthPolicy = z.object({ id: z.string(), policies: z.array(Policy).nullish() });

/** What the organization says of GitHub: the issuer, and its policies with the id by which they are changed. */
export async function readTrust(api: RestApi, organization: string) {
  const { oidcIssuers } = await api.call("GET", `/orgs/${organization}/oidc/issuers`, Issuers);
  const issuer = oidcIssuers?.find(({ url }) => url.replace(/\/$/, "") === GITHUB_ISSUER);
  if (!issuer) return undefined;
  const { id, policies } = await api.call(
    "GET",
    `/orgs/${organization}/auth/policies/oidcissuers/${issuer.id}`,
    AuthPolicy,
  );
  return { issuer: issuer.id, id, policies: policies ?? [] };
}

/** The jobs' owner, as their identity tokens name him. */
export async function owner(bench: Bench, organization: string): Promise<Owner> {
  const [{ full_name, id }, prefix] = await Promise.all([repositoryFacts(bench), subjectPrefix(bench)]);
  return { organization, repository: full_name, repositoryId: id, subjectPrefix: prefix };
}

const Metadata = z.object({ id: z.string() });

/** The ids of environments, by which roles name them; undefined where one of them is not there yet. */
export async function environmentIds(
  bench: Bench,
  api: RestApi,
  organization: string,
  stacks: readonly string[],
  use: Use,
): Promise<string[] | undefined> {
  const found = await Promise.all(
    stacks.map((stack) =>
      api.find(
        `/esc/environments/${organization}/${bench.project.name}/${environmentName(stack, use)}/metadata`,
        Metadata,
      ),
    ),
  );
  const ids = found.flatMap((metadata) => (metadata ? [metadata.id] : []));
  return ids.length === stacks.length ? ids : undefined;
}
