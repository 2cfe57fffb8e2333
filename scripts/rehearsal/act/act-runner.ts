import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { z } from "zod";
import type { Checkout } from "../stage/checkout.ts";
import type { Clouds } from "../stage/clouds-process.ts";
import { ownEngineHome } from "../stage/engine-home.ts";
import type { JobOutcome } from "../stage/runner.ts";
import { worldEnvironment } from "../stage/world-environment.ts";
import { type RanJob, readActLog } from "./log.ts";
import { isStartedBy, readTerms } from "./workflow-jobs.ts";

/** An event, as it reaches GitHub. */
export interface Trigger {
  /** For people, and for the name of the log. */
  name: string;
  /** `deploy-dev.yml`. */
  workflow: string;
  event: { name: string; payload: unknown };
  sha: string;
  ref: string;
  actor: string;
  /** Of a workflow_dispatch. */
  inputs?: Record<string, string>;
}

/** A run of a workflow: what became of its jobs, beside what every job of a rehearsal leaves behind. */
export interface WorkflowOutcome extends JobOutcome {
  runId: number;
  jobs: RanJob[];
}

const Started = z.object({ runId: z.number(), token: z.string() });
const Variables = z.object({ variables: z.array(z.object({ name: z.string(), value: z.string() })) });
const Payload = z.looseObject({ action: z.string().optional() });
/** act 0.2.89 refuses a file with it, and honours no `concurrency:` anyway. Jobs check the file out as it is. */
const UNKNOWN_TO_ACT = /^ +queue: \w+\n/gm;
/**
 * act has one set of secrets for all jobs of a run. In the copy that it reads, a workflow whose job is in an environment asks for that
 * environment's by names of their own.
 */
const OF_ENVIRONMENT = "OF_ENVIRONMENT_";
const STAND_INS = join(import.meta.dirname, "..", "actions");

/** Runs workflow files as they are, by `act` in its self-hosted mode: steps are processes of this machine. */
export class ActRunner {
  readonly #act: string;
  readonly #root: string;
  readonly #clouds: Clouds;
  readonly #dir: string;
  readonly #backend: string;
  readonly #providers: { read: string; write: string } | undefined;
  #count = 0;

  /** @param options.act path of the program */
  constructor(options: {
    act: string;
    root: string;
    clouds: Clouds;
    dir: string;
    backend: string;
    providers: { read: string; write: string } | undefined;
  }) {
    this.#act = options.act;
    this.#root = options.root;
    this.#clouds = options.clouds;
    this.#dir = options.dir;
    this.#backend = options.backend;
    this.#providers = options.providers;
  }

  /** @throws Error where GitHub would not start the workflow for this event, or an action has no stand-in */
  async run(checkout: Checkout, trigger: Trigger): Promise<WorkflowOutcome> {
    const path = `.github/workflows/${trigger.workflow}`;
    const { github } = this.#clouds;
    // GitHub reads a workflow from the commit that it runs for.
    await checkout.git("checkout", "--quiet", "--force", trigger.sha);
    for (const name of readdirSync(join(checkout.dir, ".github/workflows"))) {
      const file = join(checkout.dir, ".github/workflows", name);
      const text = readFileSync(file, "utf8").replace(UNKNOWN_TO_ACT, "");
      const guarded = /^ +environment: /m.test(text);
      writeFileSync(file, guarded ? text.replaceAll("secrets.", `secrets.${OF_ENVIRONMENT}`) : text);
    }
    const { action } = Payload.parse(trigger.event.payload);
    if (
      !isStartedBy(checkout.dir, path, {
        name: trigger.event.name,
        ref: trigger.ref,
        ...(action ? { action } : {}),
      })
    )
      throw new Error(`${path} is not started by ${trigger.event.name} on ${trigger.ref}`);
    const where = { repository: github.repository, ref: trigger.ref };
    const terms = readTerms(checkout.dir, path, where, trigger.inputs ?? {});

    const claims = {
      event_name: trigger.event.name,
      ref: trigger.ref,
      sha: trigger.sha,
      actor: trigger.actor,
      workflow: trigger.workflow.replace(/\.yml$/, ""),
      workflow_ref: `${github.repository}/${path}@${trigger.ref}`,
    };
    const started = Started.parse(await this.#call("POST", "/_rehearsal/jobs", { claims, permissions: {} }));
    const runId = String(started.runId);
    const folder = join(this.#dir, `run-${++this.#count}`);
    const home = join(folder, "home");
    mkdirSync(home, { recursive: true });
    const files = {
      event: join(folder, "event.json"),
      env: join(folder, "env.yml"),
      vars: join(folder, "vars.yml"),
      secrets: join(folder, "secrets.yml"),
      run: join(folder, "run.json"),
    };
    writeFileSync(files.event, JSON.stringify(trigger.event.payload));
    const secrets = { GITHUB_TOKEN: started.token, ...(await this.#secretsOf(Object.values(terms.jobs))) };
    writeFileSync(files.secrets, stringify(secrets), { mode: 0o600 });
    writeFileSync(files.vars, stringify(await this.#variables()));
    writeFileSync(
      files.run,
      JSON.stringify({
        github,
        token: started.token,
        runId: started.runId,
        claims: { ...claims, run_id: runId },
        jobs: terms.jobs,
        providers: this.#providers,
        nodeModules: join(this.#root, "node_modules"),
      }),
      { mode: 0o600 },
    );
    writeFileSync(
      files.env,
      stringify({
        ...worldEnvironment(this.#clouds),
        HOME: home,
        PULUMI_HOME: ownEngineHome(this.#dir),
        GITHUB_API_URL: github.url,
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: github.repository,
        GITHUB_REF: trigger.ref,
        GITHUB_RUN_ID: runId,
        // act's own name for the commit, where it is not the event's.
        SHA_REF: trigger.sha,
        REHEARSAL_RUN: files.run,
        ...(this.#providers ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
      }),
    );

    const begun = performance.now();
    const args = [
      trigger.event.name,
      ...["--directory", checkout.dir, "--workflows", path, "--strict", "--eventpath", files.event],
      ...["--env-file", files.env, "--var-file", files.vars, "--secret-file", files.secrets],
      ...["--actor", trigger.actor, "--defaultbranch", "main", "--action-cache-path", join(this.#dir, "act")],
      ...["--action-offline-mode", "--no-cache-server", "--no-skip-checkout", "--rm", "--json"],
      ...["--concurrent-jobs", "1", "--container-daemon-socket", "-"],
      ...terms.runners.flatMap((label) => ["--platform", `${label}=-self-hosted`]),
      ...terms.actions.flatMap((uses) => ["--local-repository", `${uses}=${standInFor(uses)}`]),
    ];
    const result = await execa(this.#act, args, {
      cwd: checkout.dir,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      all: true,
      maxBuffer: 256 * 1024 * 1024,
      // Steps inherit whatever act itself was given.
      env: { PATH: process.env.PATH ?? "", HOME: home },
    });
    for (const file of [files.secrets, files.run]) rmSync(file);
    await this.#call("PATCH", `/_rehearsal/runs/${runId}`, {
      conclusion: result.exitCode === 0 ? "success" : "failure",
    });
    const { jobs, text, summary } = readActLog(result.all ?? "", Object.values(secrets));
    return {
      name: trigger.name,
      command: `act ${trigger.event.name} --workflows ${path}`,
      exitCode: result.exitCode ?? 1,
      seconds: (performance.now() - begun) / 1000,
      log: text,
      result: jobs,
      summary,
      runId: started.runId,
      jobs,
    };
  }

  /** The repository's variables as a person has set them; where nobody has, those of a world that was set up beforehand. */
  async #variables(): Promise<Record<string, string>> {
    const { url, token, repository } = this.#clouds.github;
    const response = await fetch(`${url}/repos/${repository}/actions/variables`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { variables } = Variables.parse(await response.json());
    return variables.length === 0
      ? { PULUMI_ORG: this.#clouds.esc.org, PULUMI_BACKEND_URL: this.#backend }
      : Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  }

  /** What GitHub keeps for the run's jobs: the repository's secrets, and those of the one environment that they name. */
  async #secretsOf(jobs: readonly { environment?: string }[]): Promise<Record<string, string>> {
    const ask = async (query: string) => {
      const response = await fetch(`${this.#clouds.github.url}/_rehearsal/secrets${query}`);
      return z.record(z.string(), z.string()).parse(await response.json());
    };
    const environment = jobs.map((job) => job.environment).find((name) => name !== undefined);
    const own = environment === undefined ? {} : await ask(`?environment=${environment}`);
    const guarded = Object.entries(own).map(([name, value]) => [`${OF_ENVIRONMENT}${name}`, value]);
    return { ...(await ask("")), ...Object.fromEntries(guarded) };
  }

  async #call(method: string, path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.#clouds.github.url}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

function standInFor(uses: string): string {
  const name = /^actions\/([\w-]+)@/.exec(uses)?.[1] ?? "";
  const folder = join(STAND_INS, name);
  if (name === "" || !existsSync(join(folder, "action.yml")))
    throw new Error(`There is no stand-in for ${uses}; make one in scripts/rehearsal/actions/.`);
  return folder;
}
