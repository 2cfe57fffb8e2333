import type { Collection, Store } from "../base/store.ts";
import type { Vault } from "../base/vault.ts";
import { DopplerError } from "./error.ts";

export interface ProjectDocument {
  name: string;
  description: string;
  created: string;
}
export interface EnvironmentDocument {
  project: string;
  slug: string;
  name: string;
  created: string;
}
export interface ConfigDocument {
  project: string;
  environment: string;
  name: string;
  /** The config that an environment begins with. */
  root: boolean;
  locked: boolean;
  created: string;
  /** Raw values, encrypted, by name. */
  secrets: { [name: string]: string };
}
export interface ServiceTokenDocument {
  slug: string;
  name: string;
  project: string;
  config: string;
  access: "read" | "read/write";
  created: string;
  expires: string | null;
  hash: string;
}

/** A workplace of Doppler: projects with environments with configs with secrets. */
export interface Workplace {
  store: Store;
  vault: Vault;
  now(): Date;
  projects: Collection<ProjectDocument>;
  /** By `project/slug`. */
  environments: Collection<EnvironmentDocument>;
  /** By `project/name`. */
  configs: Collection<ConfigDocument>;
  serviceTokens: Collection<ServiceTokenDocument>;
}

export function openWorkplace(store: Store, vault: Vault, now: () => Date): Workplace {
  return {
    store,
    vault,
    now,
    projects: store.collection("projects"),
    environments: store.collection("environments"),
    configs: store.collection("configs"),
    serviceTokens: store.collection("serviceTokens"),
  };
}

export function requireProject(workplace: Workplace, name: string | undefined): ProjectDocument {
  if (!name) throw new DopplerError(400, "You must provide a project");
  const project = workplace.projects.get(name);
  if (project === undefined) throw new DopplerError(404, `Could not find requested project '${name}'`);
  return project;
}

export function requireEnvironment(
  workplace: Workplace,
  project: string | undefined,
  slug: string | undefined,
): EnvironmentDocument {
  const { name } = requireProject(workplace, project);
  const environment = workplace.environments.get(`${name}/${slug}`);
  if (environment === undefined)
    throw new DopplerError(404, `Could not find requested environment '${slug}'`);
  return environment;
}

/** Makes an environment with its root config. */
export function addEnvironment(workplace: Workplace, project: string, slug: string, name: string) {
  const key = `${project}/${slug}`;
  if (workplace.environments.get(key)) throw new DopplerError(409, `Environment '${slug}' already exists`);
  const created = workplace.now().toISOString();
  const environment = workplace.environments.put(key, { project, slug, name, created });
  addConfig(workplace, { project, environment: slug, name: slug, root: true });
  return environment;
}

export function addConfig(
  workplace: Workplace,
  wanted: Pick<ConfigDocument, "project" | "environment" | "name" | "root">,
): ConfigDocument {
  const key = `${wanted.project}/${wanted.name}`;
  if (workplace.configs.get(key)) throw new DopplerError(409, `Config '${wanted.name}' already exists`);
  const created = workplace.now().toISOString();
  return workplace.configs.put(key, { ...wanted, locked: false, created, secrets: {} });
}

/** A config's secrets in clear, as they were written. A branch config has its root config's too. */
export function rawSecrets(workplace: Workplace, config: ConfigDocument): { [name: string]: string } {
  const root = config.root ? undefined : workplace.configs.get(`${config.project}/${config.environment}`);
  const inherited = root ? rawSecrets(workplace, root) : {};
  const own = Object.entries(config.secrets).map(([name, value]) => [
    name,
    workplace.vault.decrypt(value) ?? "",
  ]);
  return { ...inherited, ...Object.fromEntries(own) };
}

/** Values as programs get them: `${NAME}` replaced by that secret of the same config, and Doppler's own three added. */
export function computedSecrets(workplace: Workplace, config: ConfigDocument): { [name: string]: string } {
  const raw: { [name: string]: string } = {
    ...rawSecrets(workplace, config),
    DOPPLER_CONFIG: config.name,
    DOPPLER_ENVIRONMENT: config.environment,
    DOPPLER_PROJECT: config.project,
  };
  const compute = (value: string, chain: string[]): string =>
    value.replace(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => {
      const target = raw[name];
      return target === undefined || chain.includes(name) ? whole : compute(target, [...chain, name]);
    });
  return Object.fromEntries(
    Object.keys(raw)
      .sort()
      .map((name) => [name, compute(raw[name] ?? "", [name])]),
  );
}
