import { branchAlias } from "../api/pages/deployments.ts";
import type { PagesDeployment } from "../model.ts";
import type { CloudState } from "../state.ts";

/** The deployment behind `<project>.pages.dev`, `<hash>.<project>.pages.dev` or `<branch>.<project>.pages.dev`. */
export function siteOf(state: CloudState, host: string): PagesDeployment | undefined {
  const labels = host.slice(0, -".pages.dev".length).split(".");
  const project = state.pagesProjects.get(labels.at(-1) ?? "");
  if (!project || labels.length > 2) return undefined;
  const deployments = state.pagesDeployments(project.name);
  if (labels.length === 1) return project.canonical ? deployments.get(project.canonical) : undefined;
  const all = deployments.list();
  const label = labels[0];
  return (
    all.find(({ short_id }) => short_id === label) ??
    all.findLast(({ environment, branch }) => environment === "preview" && branchAlias(branch) === label)
  );
}

/** The deployment behind a custom domain: its DNS record must lead to the project, and the project must have the domain. */
export function siteOfDomain(state: CloudState, host: string, alias: string): PagesDeployment | undefined {
  const project = state.pagesProjects
    .list()
    .find(({ subdomain }) => alias === subdomain || alias.endsWith(`.${subdomain}`));
  if (!project || !state.pagesDomains(project.name).get(host)) return undefined;
  return siteOf(state, alias);
}
