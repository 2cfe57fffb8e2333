import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import type { Checkout } from "./checkout.ts";
import type { Clouds } from "./clouds-process.ts";
import { sharedCompileCache } from "./compile-cache.ts";
import { ownEngineHome } from "./engine-home.ts";
import { worldEnvironment } from "./world-environment.ts";

/** One job as a workflow would start it: a command of the CLI, and the event that it reacts to. */
export interface JobOrder {
  /** For people, and for the name of the log. */
  name: string;
  workflow: string;
  /** Arguments of scripts/cli.ts. */
  command: string[];
  event: { name: string; payload: unknown };
  sha: string;
  ref: string;
  /** The GitHub Environment that the job opens, where it opens one. */
  environment?: string;
  actor: string;
  /** The job of the same run that this one needs; without it the job begins a run of its own. */
  needs?: JobOutcome;
  /** Which attempt of that run this is; 1 where it is not said. */
  attempt?: number;
}

export interface JobOutcome {
  name: string;
  command: string;
  exitCode: number;
  seconds: number;
  /** stdout and stderr as the runner keeps them: masked. */
  log: string;
  /** What `--json` printed, parsed. */
  result: unknown;
  summary: string;
  runId?: number;
  /** The job of the same run that this one needed. */
  needed?: JobOutcome;
}

const Job = z.object({ idTokenRequestUrl: z.string(), idTokenRequestToken: z.string(), runId: z.number() });

/** A GitHub runner as far as a job can tell: its variables, its files, its masks, an identity token. */
export class Runner {
  readonly #clouds: Clouds;
  readonly #dir: string;
  readonly #backend: string;
  readonly #providers: { read: string; write: string } | undefined;
  #count = 0;

  /** @param options.providers where the stand-ins listen that act with read and with write tokens; none for real plugins */
  constructor(options: {
    clouds: Clouds;
    dir: string;
    backend: string;
    providers: { read: string; write: string } | undefined;
  }) {
    this.#clouds = options.clouds;
    this.#dir = options.dir;
    this.#backend = options.backend;
    this.#providers = options.providers;
    mkdirSync(this.#dir, { recursive: true });
  }

  /** @param started is told the process of the command, for whoever wants to end it before its time */
  async run(
    checkout: Pick<Checkout, "dir" | "git">,
    order: JobOrder,
    started?: (pid: number) => void,
  ): Promise<JobOutcome> {
    const { github } = this.#clouds;
    const folder = join(this.#dir, `job-${++this.#count}`);
    mkdirSync(join(folder, "home"), { recursive: true });
    const files = {
      event: join(folder, "event.json"),
      output: join(folder, "output"),
      summary: join(folder, "summary.md"),
    };
    writeFileSync(files.event, JSON.stringify(order.event.payload));
    writeFileSync(files.output, "");
    writeFileSync(files.summary, "");
    const job = await this.#register(order);
    await checkout.git("checkout", "--quiet", "--force", order.sha);

    const begun = performance.now();
    const running = execa(process.execPath, ["--no-warnings", "scripts/cli.ts", ...order.command, "--json"], {
      cwd: checkout.dir,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      all: true,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: join(folder, "home"),
        PULUMI_HOME: ownEngineHome(this.#dir),
        ...sharedCompileCache(this.#dir),
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_API_URL: github.url,
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: github.repository,
        GITHUB_EVENT_NAME: order.event.name,
        GITHUB_EVENT_PATH: files.event,
        GITHUB_SHA: order.sha,
        GITHUB_REF: order.ref,
        GITHUB_REF_NAME: order.ref.replace(/^refs\/(heads|tags)\//, ""),
        GITHUB_REF_TYPE: order.ref.startsWith("refs/tags/") ? "tag" : "branch",
        GITHUB_WORKFLOW: order.workflow,
        GITHUB_ACTOR: order.actor,
        GITHUB_RUN_ID: String(job.runId),
        GITHUB_RUN_ATTEMPT: String(order.attempt ?? 1),
        GITHUB_OUTPUT: files.output,
        GITHUB_STEP_SUMMARY: files.summary,
        GITHUB_TOKEN: github.token,
        ACTIONS_ID_TOKEN_REQUEST_URL: job.idTokenRequestUrl,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: job.idTokenRequestToken,
        ...worldEnvironment(this.#clouds),
        PULUMI_ORG: this.#clouds.esc.org,
        PULUMI_BACKEND_URL: this.#backend,
        // The engine would look for the plugins on the internet first, attached or not, and try five times.
        ...(this.#providers ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
        ...(this.#providers
          ? { PULUMI_DEBUG_PROVIDERS: order.environment ? this.#providers.write : this.#providers.read }
          : {}),
      },
    });
    if (running.pid !== undefined) started?.(running.pid);
    const result = await running;
    const [command, ...args] = order.command;
    const { log, masks } = applyMasks(result.all ?? "");
    const hide = (text: string) => masks.reduce((clean, mask) => clean.replaceAll(mask, "***"), text);
    return {
      name: order.name,
      command: ["npm", "run", command, ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
      exitCode: result.exitCode ?? 1,
      seconds: (performance.now() - begun) / 1000,
      log,
      result: parseLastLine(hide(result.stdout)),
      summary: hide(readFileSync(files.summary, "utf8")),
      runId: job.runId,
      ...(order.needs ? { needed: order.needs } : {}),
    };
  }

  async #register(order: JobOrder): Promise<z.infer<typeof Job>> {
    const { github } = this.#clouds;
    const workflow = (file: string) => `${github.repository}/.github/workflows/${file}@${order.ref}`;
    const response = await fetch(`${github.url}/_rehearsal/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        claims: {
          event_name: order.event.name,
          ref: order.ref,
          sha: order.sha,
          actor: order.actor,
          workflow: order.workflow,
          workflow_ref: workflow(order.workflow),
          // What runs in an environment is the job of the workflow that deploy, release and rollback have in common.
          job_workflow_ref: workflow(order.environment ? "deploy.yml" : order.workflow),
          ...(order.environment ? { environment: order.environment } : {}),
          ...(order.needs ? { run_id: String(order.needs.runId ?? "") } : {}),
        },
      }),
    });
    return Job.parse(await response.json());
  }
}

/** What GitHub's runner does with `::add-mask::` lines: takes them out, and their values out of everything. */
function applyMasks(raw: string): { log: string; masks: string[] } {
  const masks: string[] = [];
  const kept: string[] = [];
  for (const line of raw.split("\n")) {
    const mask = /^::add-mask::(.*)$/.exec(line)?.[1];
    if (mask === undefined) kept.push(line);
    else masks.push(mask.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%25", "%"));
  }
  masks.sort((a, b) => b.length - a.length);
  return { log: masks.reduce((text, mask) => text.replaceAll(mask, "***"), kept.join("\n")), masks };
}

function parseLastLine(stdout: string): unknown {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
