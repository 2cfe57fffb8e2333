import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, symlinkSync } from "node:fs";
import { z } from "zod";

const Permissions = z.record(z.string(), z.string());
/** What the stage wrote down about this run, in scripts/rehearsal/act/act-runner.ts. */
const Run = z.object({
  github: z.object({ url: z.string(), gitDir: z.string() }),
  token: z.string(),
  claims: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({ environment: z.string().optional(), permissions: Permissions, workflow: z.string() }),
  ),
  providers: z.object({ read: z.string(), write: z.string() }).optional(),
  nodeModules: z.string(),
});
const Started = z.object({
  idTokenRequestUrl: z.string().optional(),
  idTokenRequestToken: z.string().optional(),
});

const env = z
  .object({
    REHEARSAL_RUN: z.string(),
    GITHUB_JOB: z.string(),
    GITHUB_SHA: z.string(),
    GITHUB_ENV: z.string(),
    GITHUB_WORKSPACE: z.string(),
    INPUT_REF: z.string().default(""),
    "INPUT_FETCH-DEPTH": z.coerce.number().int().nonnegative().default(1),
  })
  .parse(process.env);
const run = Run.parse(JSON.parse(readFileSync(env.REHEARSAL_RUN, "utf8")));

await startJob();
checkOut(env.INPUT_REF || env.GITHUB_SHA, env["INPUT_FETCH-DEPTH"]);

/*
 * GitHub gives each job a token with the job's own permissions and, where it may have one, an address for identity tokens that
 * name its environment. act gives all jobs of a run the same, so the run's token is narrowed or widened as each job starts;
 * the stage has act run one job at a time.
 */
async function startJob(): Promise<void> {
  const job = run.jobs[env.GITHUB_JOB];
  if (!job) throw new Error(`The stage knows no job ${env.GITHUB_JOB}: ${Object.keys(run.jobs).join(", ")}`);
  await call("PUT", "/_rehearsal/permissions", { token: run.token, permissions: job.permissions });
  const claims = {
    ...run.claims,
    job_workflow_ref: job.workflow,
    ...(job.environment ? { environment: job.environment } : {}),
  };
  const started = Started.parse(
    await call("POST", "/_rehearsal/jobs", { claims, permissions: job.permissions }),
  );
  if (started.idTokenRequestUrl && started.idTokenRequestToken) {
    console.log(`::add-mask::${started.idTokenRequestToken}`);
    give("ACTIONS_ID_TOKEN_REQUEST_URL", started.idTokenRequestUrl);
    give("ACTIONS_ID_TOKEN_REQUEST_TOKEN", started.idTokenRequestToken);
  }
  // A preview's credentials only read, and so must the provider that acts for it.
  if (run.providers)
    give("PULUMI_DEBUG_PROVIDERS", job.environment ? run.providers.write : run.providers.read);
}

function checkOut(ref: string, depth: number): void {
  const options = { cwd: env.GITHUB_WORKSPACE, stdio: "inherit" } as const;
  const git = (...args: string[]) => execFileSync("git", args, options);
  git("init", "--quiet");
  git("remote", "add", "origin", `file://${run.github.gitDir}`);
  const all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  git(
    "fetch",
    "--quiet",
    ...(depth === 0 ? ["origin", ...all, ref] : ["--no-tags", `--depth=${depth}`, "origin", ref]),
  );
  git("checkout", "--quiet", "--force", /^[0-9a-f]{40}$/.test(ref) ? ref : "FETCH_HEAD");
  // As on a self-hosted runner that keeps them between jobs: what npm would install is what the developer has installed.
  symlinkSync(run.nodeModules, `${env.GITHUB_WORKSPACE}/node_modules`);
  appendFileSync(`${env.GITHUB_WORKSPACE}/.git/info/exclude`, "/node_modules\n");
}

function give(name: string, value: string): void {
  appendFileSync(env.GITHUB_ENV, `${name}=${value}\n`);
}

async function call(method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${run.github.url}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : await response.json();
}
