import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const Cloud = z.looseObject({ url: z.string(), token: z.string() });

/** Where everything is, as `npm run clouds -- --json` says it in one line. */
export const Clouds = z.object({
  hetzner: Cloud.extend({ readToken: z.string() }),
  cloudflare: Cloud.extend({
    readToken: z.string(),
    accountId: z.string(),
    zoneId: z.string(),
    previewAccountId: z.string(),
    previewToken: z.string(),
  }),
  github: Cloud.extend({ repository: z.string(), gitDir: z.string() }),
  esc: Cloud.extend({ org: z.string() }),
  neon: Cloud,
  doppler: Cloud,
  edge: z.object({ url: z.string(), ca: z.string() }),
});
export type Clouds = z.infer<typeof Clouds>;

const StandIns = z.object({ debugProviders: z.string() });

/** A process that said in one line of JSON where it listens. */
export interface Process<T> {
  said: T;
  /** Ends the process as a person would, with SIGTERM, and waits for it. */
  stop(): Promise<void>;
}

/**
 * Starts all clouds in a process of their own, as anybody can.
 *
 * @param empty nothing is set up: nobody is trusted, and the domain is the owner's own
 * @param originUrl what answers on the servers instead of the origin stand-in
 */
export function startCloudsProcess(
  world: string,
  latencyMs = 0,
  empty = false,
  originUrl?: string,
): Promise<Process<Clouds>> {
  const args = ["--json", "--world", world, "--latency", String(latencyMs), ...(empty ? ["--empty"] : [])];
  if (originUrl !== undefined) args.push("--origin-url", originUrl);
  return start("../clouds/main.ts", args, {}, Clouds);
}

/** Starts the stand-ins for the provider plugins; whoever attaches to them acts with these tokens. */
export function startStandInsProcess(
  clouds: Clouds,
  tokens: { hetzner: string; cloudflare: string },
): Promise<Process<z.infer<typeof StandIns>>> {
  const env = {
    HCLOUD_ENDPOINT: clouds.hetzner.url,
    HCLOUD_TOKEN: tokens.hetzner,
    CLOUDFLARE_BASE_URL: clouds.cloudflare.url,
    CLOUDFLARE_API_TOKEN: tokens.cloudflare,
  };
  return start("../stand-ins/main.ts", [], env, StandIns);
}

async function start<T>(
  script: string,
  args: string[],
  env: Record<string, string>,
  schema: z.ZodType<T>,
): Promise<Process<T>> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ["--no-warnings", path, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`${script} did not start (exit ${code}):\n${errors}`)));
  });
  return {
    said: schema.parse(JSON.parse(line)),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
