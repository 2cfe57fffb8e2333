import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STACKS } from "../../template.ts";
import { type Checkout, makeCheckout, publish } from "./checkout.ts";
import { type Clouds, startCloudsProcess, startStandInsProcess } from "./clouds-process.ts";
import { GithubPerson } from "./github-person.ts";
import { type JobOrder, type JobOutcome, Runner } from "./runner.ts";
import { useWorld } from "./use-world.ts";
import { Visitor } from "./visitor.ts";

/** A world with its clouds, a person's checkout, a runner, and a way to look at it all from outside. */
export interface Stage {
  root: string;
  /** The folder of the chapter's world and evidence, `.rehearsal/<chapter>`. */
  dir: string;
  clouds: Clouds;
  checkout: Checkout;
  github: GithubPerson;
  visitor: Visitor;
  /** Where the engine keeps its state. */
  backend: string;
  /** Where the stand-ins listen that act with read and with write tokens; none for real plugins. */
  providers: { read: string; write: string } | undefined;
  /** Secrets that were planted, by name; none of them may ever be seen. */
  canaries: Record<string, string>;
  /** Runs one job as Actions does; `started` is told the process of its command. */
  job(order: JobOrder, started?: (pid: number) => void): Promise<JobOutcome>;
  /** Calls a cloud's own API, past everything that is under test. */
  api(
    cloud: "hetzner" | "cloudflare" | "neon",
    path: string,
    init?: { method: string; body: unknown },
  ): Promise<unknown>;
  close(): Promise<void>;
}

export interface StageOptions {
  plugins: "stand-ins" | "real";
  /** Clouds in which nothing is set up, and a checkout that still has the template's example in it. */
  empty?: boolean;
  /** Starts what answers on the servers in place of the origin stand-in, before the clouds of this world; its base URL. */
  origin?(world: string): Promise<string>;
  /** Says what takes long. */
  note?(text: string): void;
}

/** Builds the stage in a folder below the repository, over whatever an earlier rehearsal left there. */
export async function buildStage(root: string, dir: string, options: StageOptions): Promise<Stage> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, "state"), { recursive: true });
  // Biome, vitest and git leave the folder alone by the repository's own .gitignore; its checkout is a repository of its own.
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }\n');

  const running: { stop(): Promise<void> }[] = [];
  // The stand-ins before the clouds that they call.
  const close = async () => {
    for (const each of running.toReversed()) await each.stop();
  };
  try {
    return await buildUp(root, dir, options, running, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function buildUp(
  root: string,
  dir: string,
  { plugins, empty = false, origin }: StageOptions,
  running: { stop(): Promise<void> }[],
  close: () => Promise<void>,
): Promise<Stage> {
  const world = join(dir, "world");
  const originUrl = await origin?.(world);
  const [clouds, checkout] = await both(
    startCloudsProcess(world, 0, empty, originUrl).then((processes) => {
      running.push(processes);
      return processes.said;
    }),
    makeCheckout(root, join(dir, "checkout")),
  );
  const standIns = async (hetzner: string, cloudflare: string) => {
    const started = await startStandInsProcess(clouds, { hetzner, cloudflare });
    running.push(started);
    return started.said.debugProviders;
  };
  const canaries = plantedSecrets(clouds);
  if (!empty) {
    useWorld(checkout.dir, STACKS, {
      accountId: clouds.cloudflare.accountId,
      signingKey: canaries.RELEASE_SIGNING_KEY,
    });
  }
  // A preview's credentials only read, and so must the provider that acts for it.
  const [providers] = await both(
    plugins === "real"
      ? Promise.resolve(undefined)
      : both(
          standIns(clouds.hetzner.token, clouds.cloudflare.token),
          standIns(clouds.hetzner.readToken, clouds.cloudflare.readToken),
        ).then(([write, read]) => ({ write, read })),
    publish(checkout, clouds.github.gitDir),
  );
  const backend = `file://${join(dir, "state")}`;
  const runner = new Runner({ clouds, dir: join(dir, "jobs"), backend, providers });
  return {
    root,
    dir,
    clouds,
    checkout,
    backend,
    providers,
    canaries,
    github: new GithubPerson(clouds.github),
    visitor: new Visitor(clouds.edge),
    job: (order, started) => runner.run(checkout, order, started),
    async api(cloud, path, init) {
      const { url, token } = clouds[cloud];
      const response = await fetch(`${url}${path}`, {
        method: init?.method ?? "GET",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(init ? { body: JSON.stringify(init.body) } : {}),
      });
      const text = await response.text();
      return text === "" ? undefined : (JSON.parse(text) as unknown);
    },
    close,
  };
}

/** Waits for both also where one fails, so that what the other one started is known and can be ended. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/** The secrets of this world. The tokens are the clouds' own; all of them are looked for in every output at the end. */
function plantedSecrets(clouds: Clouds) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const canary = (name: string) => `canary-${name}-${randomBytes(18).toString("base64url")}`;
  return {
    HCLOUD_TOKEN: clouds.hetzner.token,
    HCLOUD_TOKEN_PREVIEW: clouds.hetzner.readToken,
    CLOUDFLARE_API_TOKEN: clouds.cloudflare.token,
    CLOUDFLARE_API_TOKEN_PREVIEW: clouds.cloudflare.readToken,
    PULUMI_CONFIG_PASSPHRASE: canary("passphrase"),
    DIGEST_KEY: canary("digest-key"),
    INTAKE_SIGNING_KEY: canary("intake-key"),
    INTAKE_OPERATOR_KEY: canary("operator-key"),
    NEON_API_KEY: clouds.neon.token,
    DOPPLER_TOKEN: clouds.doppler.token,
    RELEASE_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
