import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readProject } from "./stack/stacks.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDER = ".github/workflows";

// The parser imports its schema as JSON without saying so, which Node refuses; its own tests run in a bundler.
registerHooks({
  load: (url, context, next) =>
    next(
      url,
      /workflow-parser\/.*\.json$/.test(url) ? { ...context, importAttributes: { type: "json" } } : context,
    ),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  "@actions/workflow-parser"
);

const Permissions = z.record(z.string(), z.enum(["read", "write"]));
const Concurrency = z.object({
  group: z.string(),
  "cancel-in-progress": z.boolean(),
  queue: z.enum(["single", "max"]).optional(),
});
const Step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  shell: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.string()).default({}),
});
const Job = z.looseObject({
  name: z.string(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  secrets: z.unknown().optional(),
  permissions: Permissions,
  environment: z.string().optional(),
  concurrency: Concurrency.optional(),
  "timeout-minutes": z.number().optional(),
  needs: z.string().optional(),
  outputs: z.record(z.string(), z.string()).optional(),
  steps: z.array(Step).default([]),
});
const Workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: z.unknown(),
  concurrency: Concurrency.optional(),
  jobs: z.record(z.string(), Job),
});
const Action = z.object({ runs: z.object({ using: z.literal("composite"), steps: z.array(Step) }) });

const names = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith(".yml"));
const workflows = names.map((name) => ({
  name: name.replace(/\.yml$/, ""),
  path: `${FOLDER}/${name}`,
  text: read(`${FOLDER}/${name}`),
  workflow: Workflow.parse(parse(read(`${FOLDER}/${name}`))),
}));
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ id: `${name}/${id}`, workflow, job })),
);
const actionPath = ".github/actions/setup/action.yml";
const action = Action.parse(parse(read(actionPath)));
const steps = [
  ...jobs.flatMap(({ id, job }) => job.steps.map((step) => ({ id, step }))),
  ...action.runs.steps.map((step) => ({ id: actionPath, step })),
];
const scripts = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read("package.json"))).scripts;

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const { homes } = readProject(ROOT);
/** What a further project's workflow, or job, is called at the root: `deploy-dev` for `deploy-shop-dev`. */
function ofRoot(id: string): string {
  return homes.reduce((text, { prefix }) => (prefix === "" ? text : text.replaceAll(prefix, "")), id);
}

const DEPLOY = {
  contents: "read",
  checks: "read",
  "pull-requests": "write",
  deployments: "write",
  issues: "write",
  actions: "read",
  "id-token": "write",
} as const;

/** What each job may do. One more permission is a decision: it is written down here, and the workflow says what for. */
const PERMISSIONS: Record<string, z.infer<typeof Permissions>> = {
  "check/check": { contents: "read" },
  "preview/preview": {
    contents: "read",
    deployments: "read",
    "pull-requests": "write",
    checks: "write",
    "id-token": "write",
  },
  "cleanup/cleanup": { contents: "read", "pull-requests": "write", "id-token": "write" },
  "deploy/deploy": DEPLOY,
  // A caller of a reusable workflow has to have what that asks for.
  "deploy-dev/dev": DEPLOY,
  "release-prod/prod": DEPLOY,
  "rollback/rollback": DEPLOY,
  "resume/resume": DEPLOY,
  "release-prod/notes": { contents: "write", deployments: "read", "pull-requests": "read" },
  "deploy-dev/candidate": {
    contents: "read",
    deployments: "read",
    "pull-requests": "write",
    "id-token": "write",
  },
  "release-prod/plan": { contents: "read", checks: "write", deployments: "read", "id-token": "write" },
  "drift/drift": {
    contents: "read",
    deployments: "read",
    issues: "write",
    actions: "write",
    "id-token": "write",
  },
};

describe("the workflows", () => {
  it.each(workflows)("$path is what GitHub's own parser understands", async ({ path, text }) => {
    const { context, value } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
    if (!value) throw new Error(`${path} is empty`);
    // With the reusable workflow fetched, its inputs are checked against what the callers give.
    const files = {
      getFileContent: async ({ path: file }: { path: string }) => ({ name: file, content: read(file) }),
    };
    const options = { fetchReusableWorkflowDepth: 1 };
    const { errors = [] } = await convertWorkflowTemplate(context, value, files, options);
    expect(errors.map(({ Message }) => Message)).toEqual([]);
  });

  it("are read by a parser that finds mistakes", () => {
    const content = `on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: 'echo ${expression("nope.x")}' }]\n`;
    const { context } = parseWorkflow({ name: "x.yml", content }, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map(({ message }) => message)).toEqual([
      expect.stringContaining("nope"),
    ]);
  });

  it("start from no permissions, and give each job the least", () => {
    for (const { path, workflow } of workflows) expect(workflow.permissions, path).toEqual({});
    for (const { id, job } of jobs) expect(job.permissions, id).toEqual(PERMISSIONS[ofRoot(id)]);
    expect(new Set(jobs.map(({ id }) => ofRoot(id)))).toEqual(new Set(Object.keys(PERMISSIONS)));
  });

  it("never run a pull request's code with the rights of the repository", () => {
    const events = workflows.flatMap(({ workflow }) => Object.keys(workflow.on));
    expect(events).not.toContain("pull_request_target");
    expect(events).not.toContain("workflow_run");
    for (const { id, workflow, job } of jobs) {
      if (!("pull_request" in workflow.on)) continue;
      expect(job.environment, id).toBeUndefined();
      expect(job.permissions.contents, id).toBe("read");
      expect(job.permissions.deployments ?? "read", id).toBe("read");
    }
  });

  it("let deploy.yml alone see secrets of GitHub's: without inheriting it would not see its environment's", () => {
    for (const { id, job } of jobs) {
      const inherits = job.uses === "./.github/workflows/deploy.yml" ? "inherit" : undefined;
      expect(job.secrets, id).toBe(inherits);
    }
  });

  it("keep what is not known beforehand out of scripts: it comes by the environment", () => {
    for (const { id, step } of steps) {
      expect(step.run ?? "", id).not.toContain("${{");
      expect(String(step.with.script ?? ""), id).not.toContain("${{");
      expect(step.shell ?? "", id).not.toContain("${{");
    }
  });

  it("have jobs that end: each one has a limit, or is another workflow's job that has one", () => {
    for (const { id, job } of jobs) {
      if (job.uses) expect(job.uses, id).toBe("./.github/workflows/deploy.yml");
      else expect(job["timeout-minutes"], id).toBeLessThanOrEqual(60);
    }
  });

  it("write to a stack in one job only, under the environment that guards the stack", () => {
    const writing = jobs.filter(({ job }) => job.permissions.deployments === "write" && !job.uses);
    expect(writing.map(({ id }) => id)).toEqual(["deploy/deploy"]);
    for (const { id, job } of writing) expect(job.environment, id).toBe(expression("inputs.stack"));

    const commands = ["deploy", "release", "rollback", "resume"];
    for (const { id, job } of jobs) {
      const runs = job.steps.flatMap(({ run = "" }) => npmRuns(run));
      expect(
        runs.filter((script) => commands.includes(script)),
        id,
      ).toEqual([]);
    }
  });

  it("never cancel a deployment, and cancel the preview of an older push", () => {
    const deploy = workflows.find(({ name }) => name === "deploy")?.workflow;
    expect(deploy?.jobs.deploy?.concurrency).toEqual({
      group: `stack-${expression("inputs.stack")}`,
      "cancel-in-progress": false,
      // Each one that waits gets its turn, in order; a group's default is to keep the newest alone.
      queue: "max",
    });
    // A group around the caller would be one more that a newer run could cancel.
    for (const { name, workflow } of workflows) {
      const calls = Object.values(workflow.jobs).some(({ uses }) => uses !== undefined);
      if (calls) expect(workflow.concurrency, name).toBeUndefined();
    }
    const preview = workflows.find(({ name }) => name === "preview")?.workflow;
    expect(preview?.concurrency).toEqual({
      // A label that allows nothing cancels nothing.
      group: `preview-${expression("github.event.pull_request.number || github.ref")}${expression("github.event.label && !startsWith(github.event.label.name, 'allow:') && github.event.label.name != 'database' && github.run_id || ''")}`,
      "cancel-in-progress": true,
    });
    const cleanup = workflows.find(({ name }) => name === "cleanup")?.workflow;
    expect(cleanup?.concurrency, "a preview that runs would bring back what is removed").toEqual({
      group: `preview-${expression("github.event.pull_request.number || github.ref")}`,
      "cancel-in-progress": true,
    });
    const others = workflows.filter(({ workflow }) => workflow.concurrency?.["cancel-in-progress"]);
    expect(others.map(({ name }) => name).sort()).toEqual(["check", "cleanup", "preview"]);
  });

  it("take no lock after a cancel: what writes to a stack runs only where all before it went well", () => {
    const writing = jobs.flatMap(({ id, job }) =>
      job.permissions.deployments === "write" ? job.steps.map((step) => ({ id, job, step })) : [],
    );
    // By exec: the runner tells the step's own process alone that the job is cancelled.
    const locking = writing.filter(({ step }) =>
      /^exec node scripts\/toolchain\/run\.mjs scripts\/cli\.ts "\$COMMAND"/m.test(step.run ?? ""),
    );
    expect(locking.map(({ id }) => id)).toEqual(["deploy/deploy"]);
    for (const { id, job, step } of locking)
      expect([step.if, job.if, step["continue-on-error"]], id).toEqual([undefined, undefined, undefined]);
    // What runs all the same only looks, or carries files away; after a cancel only the latter.
    for (const { id, step } of writing) {
      if (step.if === undefined) continue;
      if (step.uses) expect(step.uses, id).toMatch(/^actions\/upload-artifact@/);
      else
        expect([npmRuns(step.run ?? ""), step.run], id).toEqual([
          ["drift"],
          expect.not.stringContaining("--fix"),
        ]);
      if (!step.uses) expect(step.if, id).toContain("!cancelled()");
    }
  });

  it("ask nobody for an approval of a release before its gate is passed and its plan is made, and compare with that plan", () => {
    const release = workflows.find(({ name }) => name === "release-prod")?.workflow.jobs ?? {};
    expect(release.prod?.needs).toBe("plan");
    expect(release.plan?.environment).toBeUndefined();
    expect(release.plan?.steps.flatMap(({ run = "" }) => npmRuns(run))).toEqual(["plan"]);
    // One run, whose id ties the two together.
    expect(Object.keys(release).slice(0, 2)).toEqual(["plan", "prod"]);
  });

  it("preview a release candidate after each deployment of main to dev, and not before", () => {
    const jobs = workflows.find(({ name }) => name === "deploy-dev")?.workflow.jobs ?? {};
    expect(jobs.candidate?.needs).toBe("dev");
    expect(jobs.candidate?.permissions.deployments).toBe("read");
  });

  it("give the typed outcome on to whoever branches on it", () => {
    for (const id of ["deploy/deploy", "preview/preview", "release-prod/plan"]) {
      const job = jobs.find((each) => each.id === id)?.job;
      expect(job?.outputs?.outcome, id).toBe(expression("steps.run.outputs.outcome"));
    }
  });

  it("hand each secret of GitHub's, by its name, to the steps that need it and to no other", async () => {
    const { VARIABLES } = await import("./secrets/variables.ts");
    const writes = VARIABLES.filter(({ secret }) => secret).map(({ name }) => name);
    const reads = VARIABLES.filter(({ required, for: whom }) => required || whom.includes("engine")).map(
      ({ name }) => name,
    );
    const own = [
      "PREVIEW_CLOUDFLARE_API_TOKEN",
      "PREVIEW_CLOUDFLARE_ACCOUNT_ID",
      "PREVIEW_NEON_API_KEY",
      "PREVIEW_NEON_PROJECT",
    ];
    const handed = steps.flatMap(({ id, step }): [string, string[]][] => {
      const names = Object.entries(step.env).flatMap(([name, value]) => {
        if (!value.includes("secrets.")) return [];
        expect(value, `${id} ${name}`).toBe(expression(`secrets.${name}`));
        return [name];
      });
      return names.length === 0 ? [] : [[`${id} ${npmRuns(step.run ?? "").join()}`, names.sort()]];
    });
    const expected: Record<string, string[]> = {
      "deploy/deploy ": writes.sort(),
      "deploy/deploy drift": reads.toSorted(),
      "deploy-dev/candidate preview": reads.toSorted(),
      "release-prod/plan plan": reads.toSorted(),
      "drift/drift drift": reads.toSorted(),
      "preview/preview preview": [...reads, ...own].sort(),
      "cleanup/cleanup cleanup": own.toSorted(),
    };
    for (const [id, names] of handed) expect(names, id).toEqual(expected[ofRoot(id)]);
    expect(new Set(handed.map(([id]) => ofRoot(id)))).toEqual(new Set(Object.keys(expected)));
    // In a job's or a workflow's own environment every step would get them, those that install packages too.
    const named = workflows.flatMap(({ text }) => [...text.matchAll(/\bsecrets[.[(]/g)]).length;
    expect(named).toBe(handed.flatMap(([, names]) => names).length);
  });

  it("open a stack's secrets only where an identity is asked for", () => {
    for (const { id, job } of jobs) {
      const opens = job.steps.some(({ env }) => "PULUMI_ORG" in env);
      if (!job.uses) expect(job.permissions["id-token"] === "write", id).toBe(opens);
    }
  });

  it("call npm scripts that exist", () => {
    const literal = steps.flatMap(({ step }) => npmRuns(step.run ?? ""));
    const called = jobs.flatMap(({ job }) =>
      typeof job.with.command === "string" ? [job.with.command] : [],
    );
    expect(literal.length).toBeGreaterThan(2);
    expect(new Set(called)).toEqual(new Set(["deploy", "release", "rollback", "resume"]));
    for (const script of [...literal, ...called]) expect(scripts).toHaveProperty(script);
  });

  it("offer the stacks and the scopes that there are for a rollback", async () => {
    const { SCOPES } = await import("./release/manifest.ts");
    const Choice = z.object({ options: z.array(z.string()) });
    const Inputs = z.object({ inputs: z.object({ stack: Choice, scope: Choice }) });
    const rollback = workflows.find(({ name }) => name === "rollback")?.workflow;
    const { inputs } = Inputs.parse(rollback?.on.workflow_dispatch);
    expect(inputs.stack.options.toSorted()).toEqual(readProject(ROOT).stacks.toSorted());
    expect(inputs.scope.options).toEqual([...SCOPES]);
    const resume = workflows.find(({ name }) => name === "resume")?.workflow;
    expect(resume?.on.workflow_dispatch).toMatchObject({
      inputs: { stack: { options: inputs.stack.options } },
    });
  });
});

describe("the actions", () => {
  const uses = [
    ...workflows.map(({ path, text }) => ({ path, text })),
    { path: actionPath, text: read(actionPath) },
  ]
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .filter((line) => /^\s*(- )?uses:/.test(line))
        .map((line) => ({ path, line: line.trim() })),
    )
    .filter(({ line }) => !/uses: \.\//.test(line));

  it("are pinned to a commit, with the tag that it has behind it", () => {
    expect(uses.length).toBeGreaterThan(5);
    const pins = new Map<string, string>();
    for (const { path, line } of uses) {
      const match = /uses: ([\w.-]+\/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/.exec(line);
      expect(match, `${path}: ${line}`).not.toBeNull();
      const [, name = "", sha = "", tag = ""] = match ?? [];
      // One action has one pin: a commit with two tags, or a tag with two commits, is a comment that is not true.
      expect(pins.get(name) ?? `${sha} ${tag}`, `${path}: ${line}`).toBe(`${sha} ${tag}`);
      pins.set(name, `${sha} ${tag}`);
    }
  });

  it("come from GitHub itself", () => {
    for (const { path, line } of uses) expect(line, path).toMatch(/uses: actions\//);
  });

  it("leave no token behind in the checkout", () => {
    const checkouts = steps.filter(({ step }) => step.uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(3);
    for (const { id, step } of checkouts) expect(step.with["persist-credentials"], id).toBe(false);
  });

  it("set every runner up the same way", () => {
    for (const { id, job } of jobs) {
      if (job.uses) continue;
      const [checkout, setup] = job.steps;
      expect(checkout?.uses, id).toMatch(/^actions\/checkout@/);
      expect(setup?.uses, id).toBe("./.github/actions/setup");
    }
  });
});

/** GitHub's own brackets around an expression. */
function expression(text: string): string {
  return `$\{{ ${text} }}`;
}

function npmRuns(script: string): string[] {
  return [...script.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].flatMap(([, name]) => name ?? []);
}
