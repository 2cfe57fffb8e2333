import type { TrustPolicy } from "./esc/trust.ts";

/** Those of the template, and those that a second project would bring. */
const STACKS = ["dev", "prod", "shop-dev", "shop-prod"];

/**
 * Whom the rehearsed organization trusts, as README.md has it set up at Pulumi Cloud: pull requests, main and tags open the
 * environments that only read; only a job in GitHub's environment of a stack opens that stack's own.
 */
export function trustFor(repository: string, project: string): TrustPolicy[] {
  const subject = (rest: string, ...environments: string[]): TrustPolicy => ({
    rules: { sub: `repo:${repository}:${rest}` },
    environments: environments.map((name) => `${project}/${name}`),
  });
  return [
    subject("pull_request", "*-preview"),
    subject("ref:refs/heads/main", "*-preview"),
    subject("ref:refs/tags/*v*", "*-preview"),
    ...STACKS.map((stack) => subject(`environment:${stack}`, stack)),
  ];
}
