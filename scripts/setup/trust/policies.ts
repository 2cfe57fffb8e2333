import { z } from "zod";
import type { TrustedJob } from "./jobs.ts";

/** GitHub, as the issuer of its jobs' identity tokens. */
export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

/** One policy of an OIDC issuer at Pulumi Cloud, as far as this is read. */
export const Policy = z.object({
  decision: z.string(),
  tokenType: z.string(),
  roleID: z.string().nullish(),
  rules: z.record(z.string(), z.string()),
});
export type Policy = z.infer<typeof Policy>;

/** Of whom the jobs are. */
export interface Owner {
  organization: string;
  repository: string;
  repositoryId: number;
  subjectPrefix: string;
}

/**
 * The policy that lets one job, and no other, have a role. All rules have to fit; in a pattern `*` is any text, and a dot any
 * one character (https://www.pulumi.com/docs/administration/access-identity/oidc-client/).
 *
 * The ids make it the repository itself and not its name. A job in a GitHub Environment has no branch in its subject, so that
 * branch, workflow and event are rules of their own.
 */
export function policyOf(job: TrustedJob, owner: Owner, roleID: string): Policy {
  const workflow = (file: string) => `${owner.repository}/.github/workflows/${file}@${job.ref}`;
  const [kind, environment] = job.context.split(":");
  return {
    decision: "allow",
    tokenType: "organization",
    roleID,
    rules: {
      aud: `urn:pulumi:org:${owner.organization}`,
      sub: `${owner.subjectPrefix}:${job.context}`,
      repository_id: String(owner.repositoryId),
      ref: job.ref,
      event_name: job.event,
      workflow_ref: workflow(job.workflow),
      job_workflow_ref: workflow(job.jobWorkflow),
      ...(kind === "environment" && environment ? { environment } : {}),
    },
  };
}

/** Whether two policies say the same. */
export function samePolicy(a: Policy, b: Policy): boolean {
  const text = ({ decision, tokenType, roleID, rules }: Policy) =>
    JSON.stringify([decision, tokenType, roleID ?? "", Object.entries(rules).sort()]);
  return text(a) === text(b);
}

/** Whether a policy is about a repository. */
export function isAbout(policy: Policy, owner: Owner): boolean {
  const { sub = "", repository_id, repository = "" } = policy.rules;
  return (
    repository_id === String(owner.repositoryId) ||
    sub.startsWith(`${owner.subjectPrefix}:`) ||
    sub.startsWith(`repo:${owner.repository}:`) ||
    repository === owner.repository
  );
}
