import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { version } from "@pulumi/pulumi/version.js";
import { z } from "zod";
import { type Clouds, startCloudsProcess, startStandInsProcess } from "../rehearsal/stage/clouds-process.ts";
import { ownEngineHome } from "../rehearsal/stage/engine-home.ts";

/** The clouds that one side works on, with nothing in them yet, and an empty state. */
export interface World {
  clouds: Clouds;
  /** What both sides need to reach the clouds and the state: the variables of a workflow's step. */
  env: Record<string, string>;
  /** The private half of the key that the servers trust, in PEM. */
  signingKey: string;
  /** What runs the Pulumi program for an engine that is started by hand. */
  programHost: { address: string; pid: number };
  close(): Promise<void>;
}

const PULUMI_HOME = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");

/** The engine that package.json pins; both sides run this very file. */
export const ENGINE = join(PULUMI_HOME, "versions", version, "bin", "pulumi");

/** Starts clouds, stand-ins and a program host: processes of their own that no measurement counts. */
export async function startWorld(dir: string, latencyMs: number): Promise<World> {
  rmSync(dir, { recursive: true, force: true });
  for (const folder of ["state", "home", "wrangler-cache"]) mkdirSync(join(dir, folder), { recursive: true });
  const started: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of started.splice(0).reverse()) await stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const processes = await startCloudsProcess(join(dir, "world"), latencyMs);
    started.push(() => processes.stop());
    const clouds = processes.said;
    const tokens = { hetzner: clouds.hetzner.token, cloudflare: clouds.cloudflare.token };
    const standIns = await startStandInsProcess(clouds, tokens);
    started.push(() => standIns.stop());
    const env = {
      PATH: [dirname(process.execPath), dirname(ENGINE), process.env.PATH ?? ""].join(delimiter),
      HOME: join(dir, "home"),
      PULUMI_HOME: ownEngineHome(dir),
      PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_DEBUG_PROVIDERS: standIns.said.debugProviders,
      HCLOUD_ENDPOINT: clouds.hetzner.url,
      HCLOUD_TOKEN: tokens.hetzner,
      CLOUDFLARE_BASE_URL: clouds.cloudflare.url,
      CLOUDFLARE_API_BASE_URL: clouds.cloudflare.url,
      CLOUDFLARE_API_TOKEN: tokens.cloudflare,
      CLOUDFLARE_ACCOUNT_ID: clouds.cloudflare.accountId,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_CACHE_DIR: join(dir, "wrangler-cache"),
      CI: "true",
      NO_COLOR: "1",
    };
    const host = await startProgramHostProcess(env);
    started.push(host.stop);
    const { privateKey } = generateKeyPairSync("ed25519");
    return {
      clouds,
      env,
      signingKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      programHost: host,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const Said = z.object({ address: z.string() });

async function startProgramHostProcess(
  env: Record<string, string>,
): Promise<World["programHost"] & { stop(): Promise<void> }> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--no-warnings", join(import.meta.dirname, "stock-program-host.ts")],
    { env, stdio: ["ignore", "pipe", "ignore"] },
  );
  const ended = once(child, "exit");
  if (!child.stdout) throw new Error("The program host has no stdout.");
  const line = new Promise<string>((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).once("line", resolve);
  });
  const first = await Promise.race([line, ended.then(() => "")]);
  if (first === "" || child.pid === undefined) throw new Error("The program host did not start.");
  return {
    address: Said.parse(JSON.parse(first)).address,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
