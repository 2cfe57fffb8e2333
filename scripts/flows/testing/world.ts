import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setGlobalProxyFromEnv } from "node:http";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { Configuration, EscApi } from "@pulumi/esc-sdk";
import { stringify } from "yaml";
import { z } from "zod";
import type { Command, CommandResult } from "../../commands/command.ts";
import type { Context } from "../../context.ts";
import { type Checkout, makeCheckout, publish } from "../../rehearsal/stage/checkout.ts";
import {
  type Clouds,
  startCloudsProcess,
  startStandInsProcess,
} from "../../rehearsal/stage/clouds-process.ts";
import { sharedCompileCache } from "../../rehearsal/stage/compile-cache.ts";
import { linkFolder } from "../../rehearsal/stage/engine-home.ts";
import { GithubPerson } from "../../rehearsal/stage/github-person.ts";
import { useWorld } from "../../rehearsal/stage/use-world.ts";
import { createReporter } from "../../terminal/reporter.ts";

/** The secrets of a stack, as they stand in ESC. */
export const SECRETS = {
  PULUMI_CONFIG_PASSPHRASE: "passphrase-of-the-flows-test",
  DIGEST_KEY: "digest-key-of-the-flows-test",
  INTAKE_SIGNING_KEY: "intake-key-of-the-flows-test",
  RELEASE_SIGNING_KEY: generateKeyPairSync("ed25519")
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString(),
};

/** What makes a job: the event, the commit, and the GitHub environment that it runs in. */
export interface Job {
  event: { name: string; payload: unknown };
  sha: string;
  ref: string;
  environment?: string;
}

export interface World {
  clouds: Clouds;
  checkout: Checkout;
  github: GithubPerson;
  /** The variables of a job, as GitHub's runner sets them; its identity token too. */
  environmentOf(job: Job): Promise<Record<string, string>>;
  /** Runs a command in this process, on the job's commit, as the CLI does. */
  run(
    command: Command,
    job: Job,
    positionals: string[],
    values?: Record<string, unknown>,
  ): Promise<CommandResult & { log: string }>;
  /** The job of a push to main in the environment dev. */
  pushed(sha: string): Job;
  /** Calls that changed something at Hetzner or Cloudflare since {@link forgetCalls}. */
  writes(): Promise<string[]>;
  forgetCalls(): Promise<void>;
  fault(cloud: "hetzner" | "cloudflare" | "esc", rule: object): Promise<void>;
  /** Gives the jobs that deploy to a stack other secrets than {@link SECRETS}. */
  keep(stack: string, secrets: Partial<typeof SECRETS>): Promise<void>;
  close(): Promise<void>;
}

const Registered = z.object({
  idTokenRequestUrl: z.string(),
  idTokenRequestToken: z.string(),
  runId: z.number(),
});
const Calls = z.array(z.object({ method: z.string(), path: z.string() }));

/**
 * All clouds and stand-ins, a person's checkout of this repository, and secrets in ESC. This process goes
 * to the internet through the rehearsed edge until the world is closed.
 *
 * @param stacks what ESC has secrets for; they are all the same ones
 */
export async function makeWorld(root: string, stacks: readonly string[] = ["dev"]): Promise<World> {
  const worlds = join(tmpdir(), "worlds");
  mkdirSync(worlds, { recursive: true });
  // Node looks for packages in the folders above.
  linkFolder("node_modules", root, worlds);
  const dir = mkdtempSync(join(worlds, "flows-"));
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }\n');
  mkdirSync(join(dir, "state"));
  // In processes of their own: on one thread with the pipeline they would wait for each other all the time.
  const [running, checkout] = await Promise.all([
    startCloudsProcess(join(dir, "world")),
    makeCheckout(root, join(dir, "checkout")),
  ]);
  const clouds = running.said;
  useWorld(checkout.dir, ["dev"], {
    accountId: clouds.cloudflare.accountId,
    signingKey: SECRETS.RELEASE_SIGNING_KEY,
  });
  const [standIns] = await Promise.all([
    startStandInsProcess(clouds, { hetzner: clouds.hetzner.token, cloudflare: clouds.cloudflare.token }),
    publish(checkout, clouds.github.gitDir),
    fillEsc(clouds, stacks),
  ]);
  const ownAuthorities = getCACertificates("default");
  setDefaultCACertificates([...ownAuthorities, readFileSync(clouds.edge.ca, "utf8")]);
  const withdrawProxy = setGlobalProxyFromEnv({
    HTTPS_PROXY: clouds.edge.url,
    NO_PROXY: "127.0.0.1,localhost",
  });
  const admin = (cloud: "hetzner" | "cloudflare" | "esc" | "github", path: string, init?: RequestInit) =>
    fetch(new URL(`/_rehearsal/${path}`, clouds[cloud].url), init);

  const world: World = {
    clouds,
    checkout,
    github: new GithubPerson(clouds.github),
    async environmentOf({ event, sha, ref, environment }) {
      const registered = await admin("github", "jobs", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          claims: {
            event_name: event.name,
            ref,
            sha,
            actor: "robin",
            ...(environment ? { environment } : {}),
          },
        }),
      });
      const job = Registered.parse(await registered.json());
      const eventFile = join(dir, `event-${job.runId}.json`);
      writeFileSync(eventFile, JSON.stringify(event.payload));
      return {
        PATH: process.env.PATH ?? "",
        HOME: dir,
        PULUMI_HOME: process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"),
        GITHUB_API_URL: clouds.github.url,
        GITHUB_REPOSITORY: clouds.github.repository,
        GITHUB_EVENT_NAME: event.name,
        GITHUB_EVENT_PATH: eventFile,
        GITHUB_SHA: sha,
        GITHUB_REF: ref,
        GITHUB_ACTOR: "robin",
        GITHUB_RUN_ID: String(job.runId),
        GITHUB_TOKEN: clouds.github.token,
        ACTIONS_ID_TOKEN_REQUEST_URL: job.idTokenRequestUrl,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: job.idTokenRequestToken,
        PULUMI_API: clouds.esc.url,
        PULUMI_ORG: clouds.esc.org,
        PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
        ...sharedCompileCache(dir),
        // The engine would look for the plugins on the internet first, attached or not, and try five times.
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_DEBUG_PROVIDERS: standIns.said.debugProviders,
        HCLOUD_ENDPOINT: clouds.hetzner.url,
        CLOUDFLARE_BASE_URL: clouds.cloudflare.url,
        CLOUDFLARE_API_BASE_URL: clouds.cloudflare.url,
      };
    },
    async run(command, job, positionals, values = {}) {
      await checkout.git("checkout", "--quiet", "--force", job.sha);
      let log = "";
      const stream = new Writable({
        write(chunk: Buffer, _, done) {
          log += chunk.toString();
          done();
        },
      });
      const context: Context = {
        root: checkout.dir,
        env: await world.environmentOf(job),
        reporter: createReporter({ stream, github: false }),
        json: true,
        now: () => new Date(),
        signal: new AbortController().signal,
      };
      const result = await command.run(context, { values, positionals }).finally(context.reporter.close);
      return { ...result, log };
    },
    pushed: (sha) => ({
      event: world.github.pushEvent("refs/heads/main", "0".repeat(40), sha),
      sha,
      ref: "refs/heads/main",
      environment: "dev",
    }),
    async writes() {
      const lists = await Promise.all(
        (["hetzner", "cloudflare"] as const).map(async (cloud) =>
          Calls.parse(await (await admin(cloud, "calls")).json()),
        ),
      );
      return lists.flat().flatMap(({ method, path }) => (method === "GET" ? [] : [`${method} ${path}`]));
    },
    async forgetCalls() {
      await Promise.all([
        admin("hetzner", "calls", { method: "DELETE" }),
        admin("cloudflare", "calls", { method: "DELETE" }),
      ]);
    },
    async fault(cloud, rule) {
      const answer = await admin(cloud, "faults", { method: "POST", body: JSON.stringify(rule) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    keep: (stack, secrets) =>
      writeEnvironment(escApi(clouds), clouds, stack, {
        ...SECRETS,
        ...tokensOf(clouds, "token"),
        ...secrets,
      }),
    async close() {
      withdrawProxy();
      setDefaultCACertificates(ownAuthorities);
      await standIns.stop();
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}

async function fillEsc(clouds: Clouds, stacks: readonly string[]): Promise<void> {
  const api = escApi(clouds);
  const environments = stacks.flatMap((stack) => [
    [stack, tokensOf(clouds, "token")] as const,
    [`${stack}-preview`, tokensOf(clouds, "readToken")] as const,
  ]);
  for (const [name, tokens] of environments) {
    await api.createEnvironment(clouds.esc.org, "quayside", name);
    await writeEnvironment(api, clouds, name, { ...SECRETS, ...tokens });
  }
}

function escApi({ esc }: Clouds): EscApi {
  const configuration = new Configuration({ accessToken: esc.token });
  const api = new EscApi(configuration);
  // EscApi's constructor drops the port of a base path (esc-sdk 0.12), so it is set afterwards.
  configuration.basePath = new URL("/api/esc", esc.url).toString();
  return api;
}

function tokensOf({ hetzner, cloudflare }: Clouds, kind: "token" | "readToken"): Record<string, string> {
  return { HCLOUD_TOKEN: hetzner[kind], CLOUDFLARE_API_TOKEN: cloudflare[kind] };
}

async function writeEnvironment(
  api: EscApi,
  { esc }: Clouds,
  name: string,
  variables: Record<string, string>,
): Promise<void> {
  const environmentVariables = Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [key, { "fn::secret": value }]),
  );
  const text = stringify({ values: { environmentVariables } });
  await api.updateEnvironmentYaml(esc.org, "quayside", name, text);
}
