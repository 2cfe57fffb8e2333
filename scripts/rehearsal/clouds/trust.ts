import type { TrustPolicy } from "./esc/trust.ts";

/**
 * Whom the rehearsed organization trusts, as docs/playbook.md has it set up at Pulumi Cloud: previews (pull requests, main
 * and tags) open the environments that only read; a job in GitHub's environment of a stack, or on main for dev and on a
 * version tag for prod, opens that stack's own.
 */
export function trustFor(repository: string, project: string): TrustPolicy[] {
  const subject = (rest: string, ...environments: string[]): TrustPolicy => ({
    rules: { sub: `repo:${repository}:${rest}` },
    environments: environments.map((name) => `${project}/${name}`),
  });
  return [
    subject("pull_request", "*-preview"),
    subject("ref:refs/heads/main", "*-preview", "dev"),
    subject("ref:refs/tags/v*", "*-preview", "prod"),
    subject("environment:dev", "dev", "dev-preview"),
    subject("environment:prod", "prod", "prod-preview"),
  ];
}
