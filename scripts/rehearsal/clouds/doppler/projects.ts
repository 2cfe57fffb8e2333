import type { Hono } from "hono";
import { z } from "zod";
import { assertOwner, type Identity } from "./access.ts";
import { DopplerError } from "./error.ts";
import { pageOf, readBody, Slug } from "./request.ts";
import {
  addConfig,
  addEnvironment,
  type ConfigDocument,
  type EnvironmentDocument,
  type ProjectDocument,
  requireEnvironment,
  requireProject,
  type Workplace,
} from "./workplace.ts";

/** A new project has these environments. */
const FIRST_ENVIRONMENTS = [
  ["dev", "Development"],
  ["stg", "Staging"],
  ["prd", "Production"],
] as const;

/** Projects, environments and configs: https://docs.doppler.com/reference/projects-list and its neighbours */
export function projectRoutes(api: Hono<{ Variables: { identity: Identity } }>, workplace: Workplace): void {
  api.use("/projects/*", async (c, next) => {
    assertOwner(c.get("identity"));
    await next();
  });
  api.get("/projects", (c) => {
    assertOwner(c.get("identity"));
    const { page, items } = pageOf(c, workplace.projects.list());
    return c.json({ projects: items.map(projectView), page, success: true });
  });
  api.post("/projects", async (c) => {
    assertOwner(c.get("identity"));
    const body = await readBody(c, z.object({ name: Slug, description: z.string().default("") }));
    if (workplace.projects.get(body.name))
      throw new DopplerError(409, `Project '${body.name}' already exists`);
    const project = workplace.projects.put(body.name, {
      ...body,
      created: workplace.now().toISOString(),
    });
    for (const [slug, name] of FIRST_ENVIRONMENTS) addEnvironment(workplace, body.name, slug, name);
    return c.json({ project: projectView(project), success: true });
  });
  api.get("/projects/project", (c) =>
    c.json({ project: projectView(requireProject(workplace, c.req.query("project"))), success: true }),
  );
  api.post("/projects/project", async (c) => {
    const body = await readBody(
      c,
      z.object({ project: z.string(), name: Slug, description: z.string().optional() }),
    );
    const project = requireProject(workplace, body.project);
    if (body.name !== project.name) throw new DopplerError(400, "Renaming a project is not rehearsed");
    const updated = workplace.projects.put(project.name, {
      ...project,
      description: body.description ?? project.description,
    });
    return c.json({ project: projectView(updated), success: true });
  });
  api.delete("/projects/project", async (c) => {
    const body = await readBody(c, z.object({ project: z.string() }));
    const { name } = requireProject(workplace, body.project);
    for (const config of workplace.configs.list())
      if (config.project === name) deleteConfig(workplace, config);
    for (const environment of workplace.environments.list())
      if (environment.project === name) workplace.environments.delete(`${name}/${environment.slug}`);
    workplace.projects.delete(name);
    return c.body(null, 204);
  });

  api.get("/environments", (c) => {
    assertOwner(c.get("identity"));
    const { name } = requireProject(workplace, c.req.query("project"));
    const all = workplace.environments.list().filter((environment) => environment.project === name);
    const { page, items } = pageOf(c, all);
    return c.json({ environments: items.map(environmentView), page, success: true });
  });
  api.post("/environments", async (c) => {
    assertOwner(c.get("identity"));
    const { name } = requireProject(workplace, c.req.query("project"));
    const body = await readBody(c, z.object({ name: z.string().min(1), slug: Slug }));
    const environment = addEnvironment(workplace, name, body.slug, body.name);
    return c.json({ environment: environmentView(environment), success: true });
  });
  api.get("/environments/environment", (c) => {
    assertOwner(c.get("identity"));
    const environment = requireEnvironment(workplace, c.req.query("project"), c.req.query("environment"));
    return c.json({ environment: environmentView(environment), success: true });
  });
  api.delete("/environments/environment", (c) => {
    assertOwner(c.get("identity"));
    const { project, slug } = requireEnvironment(
      workplace,
      c.req.query("project"),
      c.req.query("environment"),
    );
    for (const config of workplace.configs.list())
      if (config.project === project && config.environment === slug) deleteConfig(workplace, config);
    workplace.environments.delete(`${project}/${slug}`);
    return c.body(null, 204);
  });

  api.get("/configs", (c) => {
    assertOwner(c.get("identity"));
    const { name } = requireProject(workplace, c.req.query("project"));
    const environment = c.req.query("environment");
    const all = workplace.configs
      .list()
      .filter((config) => config.project === name && (!environment || config.environment === environment));
    const { page, items } = pageOf(c, all);
    return c.json({ configs: items.map(configView), page, success: true });
  });
  api.post("/configs", async (c) => {
    assertOwner(c.get("identity"));
    const body = await readBody(c, z.object({ project: z.string(), environment: z.string(), name: Slug }));
    const { project, slug } = requireEnvironment(workplace, body.project, body.environment);
    if (!body.name.startsWith(`${slug}_`))
      throw new DopplerError(400, `Config name must begin with '${slug}_'`);
    const config = addConfig(workplace, { project, environment: slug, name: body.name, root: false });
    return c.json({ config: configView(config), success: true });
  });
}

/** Takes a config with its service tokens out of the world. */
export function deleteConfig(workplace: Workplace, config: ConfigDocument): void {
  for (const token of workplace.serviceTokens.list())
    if (token.project === config.project && token.config === config.name)
      workplace.serviceTokens.delete(token.slug);
  workplace.configs.delete(`${config.project}/${config.name}`);
}

function projectView(project: ProjectDocument) {
  return {
    id: project.name,
    slug: project.name,
    name: project.name,
    description: project.description,
    created_at: project.created,
  };
}

function environmentView(environment: EnvironmentDocument) {
  return {
    id: environment.slug,
    slug: environment.slug,
    name: environment.name,
    initial_fetch_at: null,
    created_at: environment.created,
    project: environment.project,
  };
}

export function configView(config: ConfigDocument) {
  return {
    name: config.name,
    slug: config.name,
    root: config.root,
    locked: config.locked,
    initial_fetch_at: null,
    last_fetch_at: null,
    created_at: config.created,
    environment: config.environment,
    project: config.project,
  };
}
