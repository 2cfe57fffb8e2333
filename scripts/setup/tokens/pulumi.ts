import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";
import type { Finding } from "../question.ts";

const User = z.object({
  githubLogin: z.string(),
  organizations: z.array(z.object({ githubLogin: z.string() })).default([]),
});

/** The organizations that a token of Pulumi Cloud belongs to; undefined for a token that it does not know. */
export async function pulumiOrganizations(api: RestApi): Promise<string[] | undefined> {
  const answer = await api.ask("GET", "/user");
  if (answer.status === 401) return undefined;
  const { organizations } = User.parse(answer.body);
  return organizations.map(({ githubLogin }) => githubLogin);
}

/** Whether a token may set an organization up: only its administrators see the OIDC issuers. */
export async function inspectPulumiToken(api: RestApi): Promise<Finding[]> {
  const organizations = await pulumiOrganizations(api);
  if (organizations === undefined)
    return [
      {
        wrong: true,
        text: "Pulumi Cloud does not know this token: it is mistyped, has expired or was deleted.",
      },
    ];
  if (organizations.length === 0)
    return [
      { wrong: true, text: "It belongs to no organization. Make one at https://app.pulumi.com first." },
    ];
  return [];
}

/** Whether it administers that organization. */
export async function administers(api: RestApi, organization: string): Promise<Finding[]> {
  const { status, message } = await api.ask("GET", `/orgs/${organization}/oidc/issuers`);
  if (status === 200) return [];
  const text =
    status === 404
      ? `Pulumi Cloud knows no organization ${organization} that this token belongs to.`
      : `The token does not administer ${organization} (${status} ${message}): the trust in GitHub needs an administrator's.`;
  return [{ wrong: true, text }];
}
