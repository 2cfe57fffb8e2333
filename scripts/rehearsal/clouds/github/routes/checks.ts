import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, invalidRequest, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { CheckRun, CheckSuite } from "../model.ts";
import { actionsApp, apiOf, appOf, nodeId, repoJson, webOf } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";

/** Longest `output.summary` and `output.text`; GitHub counts characters first and bytes after. */
const OUTPUT_MAX = 65_535;

const STATUSES = ["queued", "in_progress", "completed", "waiting", "requested", "pending"] as const;
const CONCLUSIONS = [
  "action_required",
  "cancelled",
  "failure",
  "neutral",
  "success",
  "skipped",
  "stale",
  "timed_out",
] as const;

const Output = z.object({
  title: z.string(),
  summary: z.string(),
  text: z.string().optional(),
  annotations: z.array(z.record(z.string(), z.unknown())).max(50).default([]),
});
const Create = z.object({
  name: z.string(),
  head_sha: z.string(),
  status: z.enum(STATUSES).optional(),
  conclusion: z.enum(CONCLUSIONS).optional(),
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  started_at: z.string().optional(),
  completed_at: z.string().optional(),
  output: Output.optional(),
});
const Update = Create.omit({ head_sha: true })
  .partial()
  .extend({ output: Output.partial({ title: true }).optional() });

/** https://docs.github.com/rest/checks/runs and …/suites */
export function checkRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo";

  api.post(`${base}/check-runs`, allow("write", "checks"), async (c: RequestContext) => {
    // Only apps own checks (https://docs.github.com/rest/guides/using-the-rest-api-to-interact-with-checks).
    if (c.get("identity").token.kind === "user")
      throw new ApiError(403, "You must authenticate via a GitHub App.");
    const repo = repoOf(hub, c);
    const asked = await body(c, Create);
    checkOutput(asked.output);
    const headSha = await repo.git.resolve(asked.head_sha);
    if (!headSha) throw new ApiError(422, `No commit found for SHA: ${asked.head_sha}`);
    const run = hub.store.transaction(() => {
      const id = hub.store.next("check-run", 60_000_000_001);
      const completed = asked.conclusion !== undefined || asked.status === "completed";
      return repo.checkRuns.put(id, {
        id,
        suite: ensureSuite(hub, repo, headSha).id,
        name: asked.name,
        headSha,
        status: completed ? "completed" : (asked.status ?? "queued"),
        conclusion: asked.conclusion ?? null,
        startedAt: asked.started_at ?? hub.instant(),
        completedAt: completed ? (asked.completed_at ?? hub.instant()) : null,
        externalId: asked.external_id ?? "",
        detailsUrl: asked.details_url ?? "",
        title: asked.output?.title ?? null,
        summary: asked.output?.summary ?? null,
        text: asked.output?.text ?? null,
        annotations: asked.output?.annotations ?? [],
        ...(c.get("identity").token.app && { app: c.get("identity").token.app }),
      });
    });
    return c.json(runJson(hub, repo, run), 201);
  });

  api.patch(`${base}/check-runs/:id`, allow("write", "checks"), async (c: RequestContext) => {
    const { token } = c.get("identity");
    if (token.kind === "user") throw new ApiError(403, "You must authenticate via a GitHub App.");
    const repo = repoOf(hub, c);
    const run = runOf(repo, c);
    if (run.app !== token.app)
      throw new ApiError(403, "Invalid app_id - check run can only be modified by the app that created it.");
    const asked = await body(c, Update);
    checkOutput(asked.output);
    const conclusion =
      asked.conclusion ?? (asked.status && asked.status !== "completed" ? null : run.conclusion);
    const completed = conclusion !== null;
    const saved = repo.checkRuns.put(run.id, {
      ...run,
      name: asked.name ?? run.name,
      status: completed ? "completed" : (asked.status ?? run.status),
      conclusion,
      startedAt: asked.started_at ?? run.startedAt,
      completedAt: completed ? (asked.completed_at ?? run.completedAt ?? hub.instant()) : null,
      externalId: asked.external_id ?? run.externalId,
      detailsUrl: asked.details_url ?? run.detailsUrl,
      title: asked.output?.title ?? run.title,
      summary: asked.output?.summary ?? run.summary,
      text: asked.output?.text ?? run.text,
      annotations: [...run.annotations, ...(asked.output?.annotations ?? [])],
    });
    return c.json(runJson(hub, repo, saved));
  });

  api.get(`${base}/check-runs/:id`, allow("read", "checks"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(runJson(hub, repo, runOf(repo, c)));
  });
  api.get(`${base}/check-runs/:id/annotations`, allow("read", "checks"), (c) =>
    c.json(page(c, runOf(repoOf(hub, c), c).annotations)),
  );

  api.get(`${base}/commits/:ref/check-runs`, allow("read", "checks"), async (c) => {
    const repo = repoOf(hub, c);
    const sha = await commitOf(repo, c);
    return listRuns(hub, repo, c, (run) => run.headSha === sha);
  });
  api.get(`${base}/check-suites/:id/check-runs`, allow("read", "checks"), (c) => {
    const repo = repoOf(hub, c);
    const suite = numberParam(c, "id");
    return listRuns(hub, repo, c, (run) => run.suite === suite);
  });

  api.get(`${base}/commits/:ref/check-suites`, allow("read", "checks"), async (c) => {
    const repo = repoOf(hub, c);
    const sha = await commitOf(repo, c);
    const suites = repo.checkSuites.list().filter((suite) => suite.headSha === sha);
    return c.json({
      total_count: suites.length,
      check_suites: page(c, suites).map((suite) => suiteJson(hub, repo, suite)),
    });
  });
  api.get(`${base}/check-suites/:id`, allow("read", "checks"), (c) => {
    const repo = repoOf(hub, c);
    const suite = repo.checkSuites.list().find(({ id }) => id === numberParam(c, "id"));
    if (!suite) throw notFound();
    return c.json(suiteJson(hub, repo, suite));
  });
}

function runOf(repo: Repo, c: RequestContext): CheckRun {
  const run = repo.checkRuns.get(numberParam(c, "id"));
  if (!run) throw notFound();
  return run;
}

async function commitOf(repo: Repo, c: RequestContext): Promise<string> {
  const ref = c.req.param("ref") ?? "";
  const sha = await repo.git.resolve(ref);
  if (!sha) throw new ApiError(422, `No commit found for SHA: ${ref}`);
  return sha;
}

function ensureSuite(hub: Hub, repo: Repo, headSha: string): CheckSuite {
  return (
    repo.checkSuites.get(headSha) ??
    repo.checkSuites.put(headSha, {
      id: hub.store.next("check-suite", 50_000_000_001),
      headSha,
      createdAt: hub.instant(),
    })
  );
}

function checkOutput(output: { summary?: string; text?: string | undefined } | undefined): void {
  for (const field of ["summary", "text"] as const) {
    const value = output?.[field] ?? "";
    const characters = [...value].length;
    if (characters > OUTPUT_MAX)
      throw invalidRequest(`Only ${OUTPUT_MAX} characters are allowed; ${characters} were supplied.`);
    if (Buffer.byteLength(value) > OUTPUT_MAX)
      throw validationFailed({
        resource: "CheckRun",
        code: "custom",
        field,
        message: `${field} exceeds a maximum bytesize of ${OUTPUT_MAX}`,
      });
  }
}

function listRuns(hub: Hub, repo: Repo, c: RequestContext, wanted: (run: CheckRun) => boolean): Response {
  const name = c.req.query("check_name");
  const status = c.req.query("status");
  let runs = repo.checkRuns
    .list()
    .filter((run) => wanted(run) && (!name || run.name === name) && (!status || run.status === status));
  // `latest` is the newest run of each name, `all` every one (https://docs.github.com/rest/checks/runs).
  if ((c.req.query("filter") ?? "latest") === "latest")
    runs = [...new Map(runs.map((run) => [run.name, run])).values()];
  runs.sort((a, b) => b.id - a.id);
  return c.json({
    total_count: runs.length,
    check_runs: page(c, runs).map((run) => runJson(hub, repo, run)),
  });
}

function runJson(hub: Hub, repo: Repo, run: CheckRun): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/check-runs/${run.id}`;
  return {
    id: run.id,
    node_id: nodeId("CR", run.id),
    name: run.name,
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: `${webOf(repo)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suite },
    app: appOf(run.app),
    pull_requests: [],
  };
}

function suiteJson(hub: Hub, repo: Repo, suite: CheckSuite): Record<string, unknown> {
  const runs = repo.checkRuns.list().filter((run) => run.suite === suite.id);
  const newest = [...new Map(runs.map((run) => [run.name, run])).values()];
  const done = newest.every((run) => run.status === "completed");
  const failed = newest.find(
    (run) => run.conclusion !== "success" && run.conclusion !== "neutral" && run.conclusion !== "skipped",
  );
  return {
    id: suite.id,
    node_id: nodeId("CS", suite.id),
    head_sha: suite.headSha,
    head_branch: null,
    status: newest.length === 0 ? "queued" : done ? "completed" : "in_progress",
    conclusion: newest.length > 0 && done ? (failed?.conclusion ?? "success") : null,
    url: `${apiOf(hub, repo)}/check-suites/${suite.id}`,
    check_runs_url: `${apiOf(hub, repo)}/check-suites/${suite.id}/check-runs`,
    latest_check_runs_count: newest.length,
    app: actionsApp(),
    pull_requests: [],
    repository: repoJson(hub, repo),
    created_at: suite.createdAt,
    updated_at: suite.createdAt,
  };
}
