import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Context } from "../context.ts";
import { connect, type Github } from "../github/client.ts";
import { type GithubEvent, readEvent } from "../github/event.ts";
import { type UpdateRegistry, updateRegistry } from "../recovery/registry.ts";
import { fileReleases, githubReleases, type ReleaseStore } from "../release/store.ts";
import { openSecrets, type Purpose, type Secrets } from "../secrets/open.ts";
import { openPreviewAccount, type PreviewAccount } from "../secrets/preview-account.ts";
import { mask } from "../secrets/redaction.ts";
import { homeOf, type Project, stackFile, stackSetting, stageOf } from "../stack/stacks.ts";
import type { ProgramHooks, StackTarget } from "../stack/target.ts";
import { releasesAtGithub } from "./releases-at-github.ts";

/** Who asked for this run: a GitHub event, or a person at a terminal. */
export interface Caller {
  event: GithubEvent | undefined;
  github: Github | undefined;
  releases: ReleaseStore;
  /** Who updates the stacks. */
  updates: UpdateRegistry;
}

/** Reads the event, connects to GitHub where there is one, and finds where releases are written down. */
export function identifyCaller(context: Context): Caller {
  const event = readEvent(context.env);
  const token = context.env.GITHUB_TOKEN;
  if (token) mask(token);
  const github = event && token ? connect(token, event.repository, event.apiUrl) : undefined;
  const folder = join(context.root, ".releases");
  return {
    event,
    github,
    releases: github
      ? githubReleases(github)
      : ((event ? undefined : releasesAtGithub(context.root, context.env)) ?? fileReleases(folder)),
    updates: updateRegistry({ github, event, folder: join(folder, ".updates") }),
  };
}

/** A stack with its secrets opened, ready for the engine. */
export interface OpenedStack {
  name: string;
  /** What it is within its project: `dev` or `prod` for most, whatever the project. */
  stage: string;
  /** What its secrets and its database are called by. */
  repository: string;
  /** The folder of its project's `infra/`, `workers/` and `sites/`, absolute. */
  dir: string;
  /** Its configuration, relative to the repository. */
  file: string;
  secrets: Secrets;
  target: StackTarget;
}

/**
 * Opens a stack's secrets and prepares the engine's target for it. Loads the Pulumi program only now, and that of the
 * project's own checkout: a rollback opens an earlier one.
 */
export async function openStackTarget(
  context: Context,
  project: Project,
  stack: string,
  purpose: Purpose,
): Promise<OpenedStack> {
  const home = homeOf(project, stack);
  const [secrets, { program }] = await Promise.all([
    openSecrets(project.name, stack, purpose, context.env),
    import(pathToFileURL(join(home.infraDir, "program.ts")).href) as Promise<
      typeof import("../../infra/program.ts")
    >,
  ]);
  const engineEnv = { PULUMI_SKIP_UPDATE_CHECK: "true", ...secrets.forConsumer("engine") };
  const run = async (hooks?: ProgramHooks) => ({
    ...(await program({ root: home.dir, environment: engineEnv, ...hooks })),
  });
  return {
    name: stack,
    stage: stageOf(project, stack),
    repository: project.name,
    dir: home.dir,
    file: stackFile(project, stack),
    secrets,
    target: {
      name: stack,
      project: home.project,
      infraDir: home.infraDir,
      engineEnv,
      readsOnly: purpose === "preview",
      program: run,
    },
  };
}

/** The account for previews of the edge; undefined where there is none. It is never that of a stack. */
export function accountForPreviews(context: Context, project: Project): Promise<PreviewAccount | undefined> {
  const accounts = Object.fromEntries(
    project.stacks.map((stack) => [stack, stackSetting(project, stack, "accountId")]),
  );
  return openPreviewAccount(project.name, accounts, context.env);
}
