import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import type { RestApi } from "../../providers/rest.ts";
import type { Bench } from "../bench.ts";
import { pulumi } from "../facts/pulumi.ts";
import { EDGE } from "../questions/edge-preview.ts";
import type { Action, Step } from "../step.ts";
import { type TrustedJob, trustedJobs, useOf } from "../trust/jobs.ts";
import { environmentIds, owner, readTrust } from "../trust/organization.ts";
import { GITHUB_ISSUER, isAbout, type Policy, policyOf, samePolicy } from "../trust/policies.ts";
import { changeRole, listRoles, makeRole, opensOnly, type Role } from "../trust/roles.ts";

export const trustStep: Step = {
  name: "trust",
  title: "The trust between GitHub and Pulumi Cloud",
  purpose:
    "Each job is known by repository, workflow, branch or tag, event and GitHub Environment, and opens the environments that it needs and no other. A pull request can change its own workflow, so that what it opens only reads.",
  async find(bench) {
    const cloud = await pulumi(bench);
    if (!cloud) return [];
    const { api, organization } = cloud;
    const roles = await listRoles(api, organization);
    if (!roles)
      throw new UserError(
        "setup-roles",
        `The organization ${organization} has no custom roles: every job that may exchange its identity could open all environments.`,
        "Take an edition with custom roles (https://www.pulumi.com/pricing/), or answer home: github and keep the secrets there.",
      );
    // A workflow may go on offering a stack that is gone; nothing is there to be opened.
    const jobs = trustedJobs(bench.context.root).filter(
      ({ stack }) => stack === undefined || bench.project.stacks.includes(stack),
    );
    const wanted = [...new Map(jobs.map((job) => [roleName(bench, job), job])).entries()];
    const roleActions = await Promise.all(
      wanted.map(([name, job]) => roleAction(bench, api, organization, roles, name, job)),
    );
    return [...roleActions.flat(), ...(await policyActions(bench, api, organization, roles, jobs))];
  },
};

/** A job without a stack reads all of them, and previews the edge. */
function stacksOf(bench: Bench, job: TrustedJob): readonly string[] {
  return job.stack === undefined ? [...bench.project.stacks, EDGE] : [job.stack];
}

/** `quayside-previews`, `quayside-prod`. */
function roleName(bench: Bench, job: TrustedJob): string {
  return `${bench.project.name}-${job.stack ?? "previews"}`;
}

async function roleAction(
  bench: Bench,
  api: RestApi,
  organization: string,
  roles: Role[],
  name: string,
  job: TrustedJob,
): Promise<Action[]> {
  const details = async () => {
    const ids = await environmentIds(bench, api, organization, stacksOf(bench, job), useOf(job));
    if (!ids) throw new Error(`an environment for ${name} is not there`);
    return opensOnly(ids);
  };
  const known = roles.find((role) => role.name === name);
  const ids = await environmentIds(bench, api, organization, stacksOf(bench, job), useOf(job));
  const what = `the role ${name}, which opens ${stacksOf(bench, job)
    .map((stack) => `${stack}${useOf(job) === "preview" ? "-preview" : ""}`)
    .join(" and ")} and nothing else`;
  if (!known)
    return [
      {
        tells: `make ${what}`,
        do: async () =>
          makeRole(api, organization, {
            name,
            description: `Made by npm run setup: ${what}`,
            details: await details(),
          }),
      },
    ];
  if (ids && isDeepStrictEqual(known.details, opensOnly(ids))) return [];
  return [{ tells: `set ${what}`, do: async () => changeRole(api, organization, known.id, await details()) }];
}

async function policyActions(
  bench: Bench,
  api: RestApi,
  organization: string,
  roles: Role[],
  jobs: TrustedJob[],
): Promise<Action[]> {
  const [who, trust] = await Promise.all([owner(bench, organization), readTrust(api, organization)]);
  const policies = (known: Role[]) =>
    jobs.map((job) => policyOf(job, who, known.find(({ name }) => name === roleName(bench, job))?.id ?? ""));
  const present = trust?.policies ?? [];
  const missing = jobs.filter(
    (_job, index) => !present.some((policy) => samePolicy(policy, at(policies(roles), index))),
  );
  const strange = present.filter(
    (policy) => isAbout(policy, who) && !policies(roles).some((wanted) => samePolicy(policy, wanted)),
  );
  const issuer: Action[] = trust
    ? []
    : [
        {
          tells: `register GitHub (${GITHUB_ISSUER}) as an OIDC issuer of ${organization}`,
          do: () =>
            api.call("POST", `/orgs/${organization}/oidc/issuers`, z.unknown(), {
              name: "github",
              url: GITHUB_ISSUER,
            }),
        },
      ];
  if (missing.length === 0 && strange.length === 0) return issuer;
  const tells = [
    ...missing.map(({ job }) => job),
    ...strange.map(({ rules }) => `no more ${rules.sub ?? JSON.stringify(rules)}`),
  ].join("; ");
  return [
    ...issuer,
    {
      tells: `trust ${tells}`,
      async do() {
        const now = await readTrust(api, organization);
        if (!now) throw new Error("the issuer was registered and is not there");
        // Other repositories' policies stay. The one that Pulumi begins with denies an empty subject, which it does not take back.
        const others = now.policies.filter((policy) => !isAbout(policy, who) && policy.rules.sub !== "");
        const body = {
          policies: [...others, ...policies((await listRoles(api, organization)) ?? [])].map(sent),
        };
        await api.call("PATCH", `/orgs/${organization}/auth/policies/${now.id}`, z.unknown(), body);
      },
    },
  ];
}

function sent(policy: Policy) {
  return { ...policy, authorizedPermissions: [] };
}

function at<T>(list: T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index}`);
  return found;
}
