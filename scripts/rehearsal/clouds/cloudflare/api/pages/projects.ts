import type { Context, Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, page, param } from "../../envelope.ts";
import { uuid } from "../../ids.ts";
import type { PagesDomain, PagesProject } from "../../model.ts";
import type { CloudState } from "../../state.ts";
import { shownDeployment } from "./deployments.ts";
import { issueToken } from "./upload-token.ts";

const Config = z.record(z.string(), z.unknown());
const Project = z.object({
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,56}[a-z0-9])?$/),
  production_branch: z.string().default("main"),
  build_config: Config.nullish(),
  deployment_configs: Config.nullish(),
});

export function projectOr404(state: CloudState, name: string): PagesProject {
  const project = state.pagesProjects.get(name);
  if (!project)
    throw new ApiError(
      404,
      8000007,
      "Project not found. The specified project name does not match any of your existing projects.",
    );
  return project;
}

/** Pages projects and their domains (https://developers.cloudflare.com/api/resources/pages/subresources/projects/). */
export function pagesProjects(api: Hono, state: CloudState): void {
  const base = "/accounts/:account/pages/projects";
  const found = (c: Context) => projectOr404(state, param(c, "project"));
  const shown = (project: PagesProject) => {
    const deployments = state.pagesDeployments(project.name);
    const canonical = project.canonical ? deployments.get(project.canonical) : undefined;
    const latest = deployments.list().at(-1);
    return {
      id: project.id,
      name: project.name,
      subdomain: project.subdomain,
      domains: [
        project.subdomain,
        ...state
          .pagesDomains(project.name)
          .list()
          .map(({ name }) => name),
      ],
      production_branch: project.production_branch,
      created_on: project.created_on,
      source: null,
      build_config: project.build_config,
      deployment_configs: project.deployment_configs,
      canonical_deployment: canonical ? shownDeployment(project, canonical) : null,
      latest_deployment: latest ? shownDeployment(project, latest) : null,
      production_script_name: `pages-worker--${project.name}-production`,
      preview_script_name: `pages-worker--${project.name}-preview`,
      uses_functions: false,
      framework: "",
      framework_version: "",
    };
  };

  api.get(base, (c) => page(c, state.pagesProjects.list().map(shown), 10));
  api.post(base, async (c) => {
    const input = await body(c, Project, 8000024);
    if (state.pagesProjects.get(input.name))
      throw new ApiError(
        409,
        8000002,
        "A project with this name already exists. Choose a different project name.",
      );
    const defaults = {
      env_vars: null,
      compatibility_date: "2026-01-01",
      compatibility_flags: [],
      fail_open: true,
      usage_model: "standard",
    };
    return ok(
      c,
      shown(
        state.pagesProjects.put(input.name, {
          id: uuid(),
          name: input.name,
          subdomain: `${input.name}.pages.dev`,
          production_branch: input.production_branch,
          created_on: state.timestamp(),
          build_config: input.build_config ?? {
            build_command: null,
            destination_dir: null,
            root_dir: null,
            web_analytics_tag: null,
            web_analytics_token: null,
          },
          deployment_configs: input.deployment_configs ?? { preview: defaults, production: defaults },
        }),
      ),
    );
  });
  api.get(`${base}/:project`, (c) => ok(c, shown(found(c))));
  api.patch(`${base}/:project`, async (c) => {
    const project = found(c);
    const input = await body(c, Project.partial(), 8000024);
    return ok(
      c,
      shown(
        state.pagesProjects.put(project.name, {
          ...project,
          production_branch: input.production_branch ?? project.production_branch,
          build_config: { ...project.build_config, ...input.build_config },
          deployment_configs: { ...project.deployment_configs, ...input.deployment_configs },
        }),
      ),
    );
  });
  api.delete(`${base}/:project`, (c) => {
    const project = found(c);
    if (state.pagesDomains(project.name).list().length > 0)
      throw new ApiError(
        400,
        8000028,
        "Your project has custom domains, delete all custom domains before deleting the project.",
      );
    state.store.transaction(() => {
      state.pagesDeployments(project.name).clear();
      state.pagesProjects.delete(project.name);
    });
    return ok(c, null);
  });
  api.get(`${base}/:project/upload-token`, (c) => ok(c, { jwt: issueToken(state, found(c).name) }));

  const domainOr404 = (c: Context): PagesDomain => {
    const domain = state.pagesDomains(found(c).name).get(param(c, "domain"));
    if (!domain)
      throw new ApiError(404, 8000021, "The domain you have requested was not found for this project.");
    return domain;
  };
  // A domain becomes active when its name leads to the project: https://developers.cloudflare.com/pages/configuration/custom-domains/
  const shownDomain = (project: PagesProject, domain: PagesDomain) => {
    const leads = state
      .dns(domain.zone_tag)
      .list()
      .some((r) => r.name === domain.name && r.type === "CNAME" && r.content === project.subdomain);
    const status = leads ? "active" : "pending";
    return {
      id: domain.id,
      domain_id: domain.id,
      name: domain.name,
      status,
      verification_data: { status },
      validation_data: { status, method: "http" },
      zone_tag: domain.zone_tag,
      certificate_authority: "google",
      created_on: domain.created_on,
    };
  };
  api.get(`${base}/:project/domains`, (c) => {
    const project = found(c);
    return page(
      c,
      state
        .pagesDomains(project.name)
        .list()
        .map((domain) => shownDomain(project, domain)),
    );
  });
  api.post(`${base}/:project/domains`, async (c) => {
    const project = found(c);
    const { name } = await body(c, z.object({ name: z.string() }), 8000016);
    const taken = state.pagesProjects.list().find((other) => state.pagesDomains(other.name).get(name));
    if (taken)
      throw new ApiError(
        409,
        taken.name === project.name ? 8000018 : 8000019,
        "You have already added this custom domain.",
      );
    const domain = state.pagesDomains(project.name).put(name, {
      id: uuid(),
      name,
      created_on: state.timestamp(),
      zone_tag: state.zoneOf(name)?.id ?? "",
    });
    return ok(c, shownDomain(project, domain));
  });
  api.get(`${base}/:project/domains/:domain`, (c) => ok(c, shownDomain(found(c), domainOr404(c))));
  api.patch(`${base}/:project/domains/:domain`, (c) => ok(c, shownDomain(found(c), domainOr404(c))));
  api.delete(`${base}/:project/domains/:domain`, (c) => {
    state.pagesDomains(found(c).name).delete(domainOr404(c).name);
    return ok(c, null);
  });
}
