import { mkdirSync } from "node:fs";
import { Hono } from "hono";
import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import { openStore } from "../base/store.ts";
import { adminRoutes } from "./admin.ts";
import { ACTIONS_BOT, authenticate, ensureUser, everything, issueToken } from "./auth.ts";
import { ApiError, notFound, refuse } from "./errors.ts";
import { standardHeaders } from "./headers.ts";
import { type Api, ensureRepo, findRepo, openHub, type Variables } from "./hub.ts";
import { type Claims, Oidc, oidcRoutes, type SubjectTemplate } from "./oidc.ts";
import { type RateLimit, RateLimits } from "./rate-limit.ts";
import { actionRoutes } from "./routes/actions.ts";
import { actionsSettingsRoutes } from "./routes/actions-settings.ts";
import { checkRoutes } from "./routes/checks.ts";
import { commitRoutes } from "./routes/commits.ts";
import { contentRoutes } from "./routes/contents.ts";
import { deploymentRoutes } from "./routes/deployments.ts";
import { environmentRoutes } from "./routes/environments.ts";
import { graphqlRoutes } from "./routes/graphql.ts";
import { issueRoutes } from "./routes/issues.ts";
import { pullRoutes } from "./routes/pulls.ts";
import { refRoutes } from "./routes/refs.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { repoRoutes } from "./routes/repos.ts";
import { rulesetRoutes } from "./routes/rulesets.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { storageRoutes } from "./storage.ts";

export interface GithubOptions {
  /** The folder of the world; git data goes to `<world>/github/<owner>/<name>.git`. */
  world: string;
  port?: number;
  latencyMs?: number;
  now?: () => Date;
  /** The workflow token; what is done with it is done by github-actions[bot]. */
  token: string;
  /** `owner/name` of the repository that is there from the start. */
  repository?: string;
  rateLimit?: Partial<RateLimit>;
  /** Identity tokens name the repository with its ids, as those of repositories do that were made since July 2026. */
  immutableSubject?: boolean;
}

export interface GithubCloud extends Listening {
  token: string;
  repository: string;
  /** The bare repository: push to and clone from this path. */
  gitDir: string;
  /** For jobs that a rehearsal does not start by itself: its tokens say main, pushed. */
  idTokenRequestUrl: string;
  idTokenRequestToken: string;
  /** The claims of an identity token that this cloud issued; throws for any other. */
  verifyOidc(jwt: string): Promise<Claims>;
}

/** The request token of the job that is always there; it is no secret, a world has no other guests. */
const STANDING_JOB = "standing";

/** Starts the GitHub cloud: the REST API at the root as at api.github.com, over real git repositories. */
export async function startGithub(options: GithubOptions): Promise<GithubCloud> {
  const now = options.now ?? (() => new Date());
  const [owner = "quayside", name = "quayside"] = (options.repository ?? "quayside/quayside").split("/");
  mkdirSync(options.world, { recursive: true });
  const store = openStore(options.world, "github");
  let url = "";
  const hub = openHub(store, options.world, now, () => url);

  ensureUser(hub, owner, "Organization", "none");
  ensureUser(hub, ACTIONS_BOT, "Bot", "none");
  if (!hub.tokens.get(options.token))
    issueToken(hub, {
      token: options.token,
      login: ACTIONS_BOT,
      kind: "integration",
      permissions: everything("write"),
    });
  const main = await ensureRepo(hub, { owner, name, private: true, defaultBranch: "main" });

  if (options.immutableSubject && !hub.store.collection("oidc-subjects").get(main.fullName))
    hub.store
      .collection<SubjectTemplate>("oidc-subjects")
      .put(main.fullName, { use_default: true, use_immutable_subject: true });

  const limits = new RateLimits(hub, options.rateLimit ?? {});
  const oidc = new Oidc(hub);
  const faults = new Faults(options.latencyMs);
  const api: Api = new Hono<{ Variables: Variables }>();
  api.onError((error) => {
    if (error instanceof ApiError) return error.response();
    console.error(error);
    return new ApiError(500, "Server Error").response();
  });

  adminRoutes(api, hub, limits, options.token, () => findRepo(hub, owner, name) ?? main);
  api.use(standardHeaders(limits));
  api.use(faults.middleware(refuse));
  oidcRoutes(api, hub, oidc);
  storageRoutes(api, hub);
  api.use(authenticate(hub));
  api.get("/rate_limit", (c) => {
    const rate = limits.view(c.get("identity").token.token);
    return c.json({ resources: { core: rate }, rate });
  });
  api.use(limits.middleware());
  for (const routes of [
    repoRoutes,
    refRoutes,
    checkRoutes,
    commitRoutes,
    contentRoutes,
    pullRoutes,
    issueRoutes,
    deploymentRoutes,
    releaseRoutes,
    actionRoutes,
    environmentRoutes,
    actionsSettingsRoutes,
    secretRoutes,
    rulesetRoutes,
    graphqlRoutes,
  ])
    routes(api, hub);
  api.all("*", () => {
    throw notFound();
  });

  const root = new Hono();
  root.route("/", api);
  const listening = await serve(root, faults, options.port);
  url = listening.url;

  hub.jobs.put(STANDING_JOB, {
    id: STANDING_JOB,
    requestToken: STANDING_JOB,
    runId: 0,
    claims: standingClaims(main.fullName, main.id),
  });
  return {
    ...listening,
    token: options.token,
    repository: main.fullName,
    gitDir: main.git.dir,
    idTokenRequestUrl: `${url}/_actions/oidc/${STANDING_JOB}?api-version=2.0`,
    idTokenRequestToken: STANDING_JOB,
    verifyOidc: (jwt) => oidc.verify(jwt),
    close: async () => {
      await listening.close();
      store.close();
    },
  };
}

function standingClaims(repository: string, id: number): Record<string, string> {
  const workflow = `${repository}/.github/workflows/rehearsal.yml@refs/heads/main`;
  return {
    repository,
    repository_owner: repository.split("/")[0] ?? "",
    repository_id: String(id),
    repository_visibility: "private",
    ref: "refs/heads/main",
    ref_type: "branch",
    sha: "0".repeat(40),
    workflow: "rehearsal",
    workflow_ref: workflow,
    job_workflow_ref: workflow,
    event_name: "push",
    actor: repository.split("/")[0] ?? "",
    run_id: "0",
    run_number: "0",
    run_attempt: "1",
    runner_environment: "github-hosted",
  };
}
