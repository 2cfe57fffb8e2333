import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { ACTIONS_BOT, ensureUser, everything, issueToken, permissionsOfRole } from "./auth.ts";
import { ApiError, notFound } from "./errors.ts";
import { type Api, findRepo, type Hub, type Repo } from "./hub.ts";
import { PERMISSIONS, type Permissions, ROLES } from "./model.ts";
import { RateLimit, type RateLimits } from "./rate-limit.ts";
import { body, numberParam, type RequestContext } from "./request.ts";
import { artifactJson } from "./routes/actions.ts";
import { secretsOfJob } from "./routes/secrets.ts";
import { startRun } from "./run.ts";
import { keep } from "./storage.ts";
import { zip } from "./zip.ts";

/** As in a workflow's `permissions:`: what is not named is not granted. */
const PermissionsAsked = z
  .union([
    z.enum(["write-all", "read-all"]),
    z.partialRecord(z.enum(PERMISSIONS), z.enum(["none", "read", "write"])),
  ])
  .transform((asked): Permissions => {
    if (typeof asked !== "string") return { metadata: "read", ...asked };
    return everything(asked === "write-all" ? "write" : "read");
  });

const JobAsked = z.object({
  claims: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  /** Without it the job may do everything, identity tokens included. */
  permissions: PermissionsAsked.optional(),
});

/**
 * What the outside world does to GitHub in a rehearsal: people sign up, a runner starts and ends jobs, a job uploads
 * artifacts, and somebody narrows a token. None of it is part of GitHub's API.
 */
export function adminRoutes(
  api: Api,
  hub: Hub,
  limits: RateLimits,
  workflowToken: string,
  main: () => Repo,
): void {
  api.post("/_rehearsal/users", async (c: RequestContext) => {
    const asked = await body(
      c,
      z.object({
        login: z.string(),
        role: z.enum(ROLES).default("write"),
        permissions: PermissionsAsked.optional(),
      }),
    );
    const user = ensureUser(hub, asked.login, "User", asked.role);
    const permissions = asked.permissions ?? permissionsOfRole(asked.role);
    const { token } = issueToken(hub, { login: user.login, kind: "user", permissions });
    return c.json({ login: user.login, id: user.id, token }, 201);
  });

  // Somebody installs an app of another maker.
  api.post("/_rehearsal/apps", async (c: RequestContext) => {
    const { slug } = await body(c, z.object({ slug: z.string() }));
    const user = ensureUser(hub, `${slug}[bot]`, "Bot", "none");
    const permissions = everything("write");
    const { token } = issueToken(hub, { login: user.login, kind: "integration", permissions, app: slug });
    return c.json({ login: user.login, token }, 201);
  });

  api.put("/_rehearsal/permissions", async (c: RequestContext) => {
    const asked = await body(
      c,
      z.object({ token: z.string().default(workflowToken), permissions: PermissionsAsked }),
    );
    const token = hub.tokens.get(asked.token);
    if (!token) throw notFound();
    hub.tokens.put(token.token, { ...token, permissions: asked.permissions });
    return c.body(null, 204);
  });

  api.put("/_rehearsal/rate-limit", async (c: RequestContext) => {
    const asked = await body(
      c,
      RateLimit.partial().extend({
        remaining: z.number().int().nonnegative().optional(),
        resetSeconds: z.number().nonnegative().default(60),
        token: z.string().default(workflowToken),
      }),
    );
    const { remaining, resetSeconds, token, ...settings } = asked;
    limits.set({ ...limits.current(), ...settings });
    if (remaining !== undefined) limits.spend(token, remaining, resetSeconds);
    return c.body(null, 204);
  });

  jobRoutes(api, hub, main);

  api.post("/_rehearsal/artifacts", async (c: RequestContext) => {
    const repo = main();
    const asked = await body(
      c,
      z.object({
        name: z.string(),
        runId: z.number(),
        /** The files' content in base64, by path. */
        files: z.record(z.string(), z.base64()),
        retentionDays: z.number().default(90),
      }),
    );
    const files = Object.entries(asked.files).map(([path, content]) => [
      path,
      Buffer.from(content, "base64"),
    ]);
    const bytes = zip(Object.fromEntries(files));
    const id = hub.store.next("artifact", 4_000_000_001);
    const artifact = repo.artifacts.put(id, {
      id,
      name: asked.name,
      size: bytes.length,
      sha256: await keep(hub, "artifact", id, bytes),
      runId: asked.runId,
      createdAt: hub.instant(),
      expiresAt: new Date(hub.now().getTime() + asked.retentionDays * 86_400_000).toISOString(),
      expired: false,
    });
    return c.json(artifactJson(hub, repo, artifact), 201);
  });
}

function jobRoutes(api: Api, hub: Hub, main: () => Repo): void {
  api.post("/_rehearsal/jobs", async (c: RequestContext) =>
    c.json(await startJob(hub, main, await body(c, JobAsked)), 201),
  );

  api.patch("/_rehearsal/runs/:id", async (c: RequestContext) => {
    const repo = main();
    const run = repo.runs.get(numberParam(c, "id"));
    if (!run) throw notFound();
    const asked = await body(
      c,
      z.object({ status: z.string().default("completed"), conclusion: z.string().nullish() }),
    );
    const done = asked.status === "completed";
    const conclusion = done ? (asked.conclusion ?? "success") : null;
    repo.runs.put(run.id, { ...run, status: asked.status, conclusion, updatedAt: hub.instant() });
    // The token of a job ends with it (https://docs.github.com/actions/concepts/security/github_token).
    if (done)
      for (const token of hub.tokens.list()) if (token.runId === run.id) hub.tokens.delete(token.token);
    return c.json({ id: run.id, status: asked.status, conclusion });
  });

  api.get("/_rehearsal/runs", (c) => c.json(main().runs.list()));

  // What the runner hands to a job as `secrets`; GitHub's API never shows it.
  api.get("/_rehearsal/secrets", (c) => c.json(secretsOfJob(hub, main(), c.req.query("environment"))));
}

/** What a job needs to ask for its identity tokens, and its own workflow token. */
export interface StartedJob {
  idTokenRequestUrl: string | undefined;
  idTokenRequestToken: string | undefined;
  runId: number;
  token: string;
}

/** Starts a job; `claims.run_id` of a run that is there joins it, otherwise the job begins a run of its own. */
export async function startJob(
  hub: Hub,
  main: () => Repo,
  asked: { claims: Record<string, string>; permissions?: Permissions | undefined },
): Promise<StartedJob> {
  const { claims } = asked;
  const [owner = "", name = ""] = (claims.repository ?? main().fullName).split("/");
  const repo = findRepo(hub, owner, name);
  if (!repo) throw new ApiError(422, `No repository ${claims.repository}`);
  const ref = claims.ref ?? `refs/heads/${repo.defaultBranch}`;
  const sha = claims.sha ?? (await repo.git.resolve(ref)) ?? "0".repeat(40);
  const path =
    /^[^/]+\/[^/]+\/(.+)@/.exec(claims.workflow_ref ?? "")?.[1] ?? ".github/workflows/rehearsal.yml";
  const actor = claims.actor ?? repo.owner;
  const run =
    repo.runs.get(claims.run_id ?? "") ??
    startRun(hub, repo, {
      name: claims.workflow ?? path,
      path,
      event: claims.event_name ?? "push",
      ref,
      headSha: sha,
      actor,
      attempt: Number(claims.run_attempt ?? 1),
      ...(claims.head_ref && { headBranch: claims.head_ref }),
    });
  const workflowRef = `${repo.fullName}/${path}@${ref}`;
  const id = randomUUID();
  const permissions = asked.permissions ?? everything("write");
  const mayIdentify = permissions["id-token"] === "write";
  const requestToken = randomBytes(32).toString("base64url");
  if (mayIdentify)
    hub.jobs.put(id, {
      id,
      requestToken,
      runId: run.id,
      claims: {
        repository: repo.fullName,
        repository_owner: repo.owner,
        repository_id: String(repo.id),
        repository_owner_id: String(hub.users.get(repo.owner)?.id ?? 0),
        repository_visibility: repo.private ? "private" : "public",
        ref,
        ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
        ref_protected: "false",
        sha,
        workflow: run.name,
        workflow_ref: workflowRef,
        workflow_sha: sha,
        job_workflow_ref: workflowRef,
        job_workflow_sha: sha,
        event_name: run.event,
        actor,
        actor_id: String(hub.users.get(actor)?.id ?? 0),
        base_ref: "",
        head_ref: "",
        runner_environment: "github-hosted",
        run_number: String(run.number),
        ...claims,
        run_id: String(run.id),
        run_attempt: claims.run_attempt ?? String(run.attempt),
      },
    });
  const { token } = issueToken(hub, { login: ACTIONS_BOT, kind: "integration", permissions, runId: run.id });
  return {
    idTokenRequestUrl: mayIdentify ? `${hub.url()}/_actions/oidc/${id}?api-version=2.0` : undefined,
    idTokenRequestToken: mayIdentify ? requestToken : undefined,
    runId: run.id,
    token,
  };
}
