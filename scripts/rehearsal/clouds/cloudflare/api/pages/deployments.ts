import type { Context, Hono } from "hono";
import { z } from "zod";
import { ApiError, ok, page, param } from "../../envelope.ts";
import { hexId, uuid } from "../../ids.ts";
import type { PagesDeployment, PagesProject } from "../../model.ts";
import type { CloudState } from "../../state.ts";
import { projectOr404 } from "./projects.ts";

const Manifest = z.record(z.string(), z.string());

/** The host label of a branch: `feature/Login` is served at `feature-login.<project>.pages.dev`. */
export function branchAlias(branch: string): string {
  return branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 28)
    .replace(/^-+|-+$/g, "");
}

/** A deployment as the API shows it (https://developers.cloudflare.com/api/resources/pages/). */
export function shownDeployment(project: PagesProject, deployment: PagesDeployment) {
  const stage = (name: string) => ({
    name,
    started_on: deployment.created_on,
    ended_on: deployment.created_on,
    status: "success",
  });
  return {
    id: deployment.id,
    short_id: deployment.short_id,
    project_id: project.id,
    project_name: project.name,
    environment: deployment.environment,
    url: `https://${deployment.short_id}.${project.subdomain}`,
    aliases:
      deployment.environment === "preview"
        ? [`https://${branchAlias(deployment.branch)}.${project.subdomain}`]
        : null,
    created_on: deployment.created_on,
    modified_on: deployment.created_on,
    production_branch: project.production_branch,
    latest_stage: stage("deploy"),
    stages: ["queued", "initialize", "clone_repo", "build", "deploy"].map(stage),
    deployment_trigger: {
      type: "ad_hoc",
      metadata: {
        branch: deployment.branch,
        commit_hash: deployment.commit.hash,
        commit_message: deployment.commit.message,
        commit_dirty: deployment.commit.dirty,
      },
    },
    build_config: project.build_config,
    env_vars: null,
    is_skipped: false,
    uses_functions: false,
  };
}

export function pagesDeployments(api: Hono, state: CloudState): void {
  const base = "/accounts/:account/pages/projects/:project/deployments";
  const project = (c: Context) => projectOr404(state, param(c, "project"));
  const deploymentOr404 = (c: Context): PagesDeployment => {
    const deployment = state.pagesDeployments(project(c).name).get(param(c, "id"));
    if (!deployment) throw new ApiError(404, 8000009, "The deployment ID you have specified does not exist.");
    return deployment;
  };

  api.get(base, (c) => {
    const env = c.req.query("env");
    const list = state
      .pagesDeployments(project(c).name)
      .list()
      .reverse()
      .filter((deployment) => !env || deployment.environment === env);
    return page(
      c,
      list.map((deployment) => shownDeployment(project(c), deployment)),
      25,
      25,
    );
  });
  api.post(base, async (c) => {
    const form = await c.req.formData();
    const owner = project(c);
    const text = async (name: string): Promise<string | undefined> => {
      const value = form.get(name);
      if (value === null) return undefined;
      return typeof value === "string" ? value : value.text();
    };
    if (form.has("_worker.bundle"))
      throw new ApiError(400, 8000096, "Pages Functions are not served here: deploy a Worker for code.");
    const manifest = Manifest.safeParse(JSON.parse((await text("manifest")) ?? "null"));
    if (!manifest.success)
      throw new ApiError(
        400,
        8000096,
        'A "manifest" field was expected in the request body but was not provided.',
      );
    const missing = Object.entries(manifest.data).find(([, hash]) => !state.pagesAssets.get(hash));
    if (missing) throw new ApiError(400, 8000000, `The asset of ${missing[0]} was never uploaded.`);
    const branch = (await text("branch")) || owner.production_branch;
    const id = uuid();
    const headers = await text("_headers");
    const redirects = await text("_redirects");
    const deployment: PagesDeployment = {
      id,
      short_id: id.slice(0, 8),
      project: owner.name,
      environment: branch === owner.production_branch ? "production" : "preview",
      branch,
      created_on: state.timestamp(),
      commit: {
        hash: (await text("commit_hash")) ?? hexId(),
        message: (await text("commit_message")) ?? "",
        dirty: (await text("commit_dirty")) === "true",
      },
      manifest: manifest.data,
      ...(headers === undefined ? {} : { headers }),
      ...(redirects === undefined ? {} : { redirects }),
    };
    state.store.transaction(() => {
      state.pagesDeployments(owner.name).put(id, deployment);
      if (deployment.environment === "production")
        state.pagesProjects.put(owner.name, { ...owner, canonical: id });
    });
    return ok(c, shownDeployment(owner, deployment));
  });
  api.get(`${base}/:id`, (c) => ok(c, shownDeployment(project(c), deploymentOr404(c))));
  api.get(`${base}/:id/history/logs`, (c) => {
    deploymentOr404(c);
    return ok(c, { total: 0, includes_container_logs: false, data: [] });
  });
  api.delete(`${base}/:id`, (c) => {
    const deployment = deploymentOr404(c);
    if (project(c).canonical === deployment.id)
      throw new ApiError(400, 8000034, "Cannot delete the active production deployment.");
    const alias = state
      .pagesDeployments(deployment.project)
      .list()
      .filter((one) => one.environment === "preview" && one.branch === deployment.branch)
      .at(-1);
    if (alias?.id === deployment.id && c.req.query("force") !== "true")
      throw new ApiError(
        400,
        8000035,
        "Cannot delete an aliased deployment without a `?force=true` parameter.",
      );
    state.pagesDeployments(deployment.project).delete(deployment.id);
    return ok(c, null);
  });
  api.post(`${base}/:id/rollback`, (c) => {
    const deployment = deploymentOr404(c);
    const owner = project(c);
    if (deployment.environment !== "production")
      throw new ApiError(400, 8000040, "Only production deployments can be rolled back to.");
    if (owner.canonical === deployment.id)
      throw new ApiError(400, 8000039, "The deployment you are trying to roll back to is the active one.");
    state.pagesProjects.put(owner.name, { ...owner, canonical: deployment.id });
    return ok(c, shownDeployment(owner, deployment));
  });
  api.post(`${base}/:id/retry`, (c) => ok(c, shownDeployment(project(c), deploymentOr404(c))));
}
