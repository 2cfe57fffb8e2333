import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const Cloud = z.looseObject({ url: z.string(), token: z.string() });

/** Where everything is, as `npm run clouds -- --json --providers` says it in one line. */
export const Clouds = z.object({
  hetzner: Cloud.extend({ readToken: z.string() }),
  cloudflare: Cloud.extend({ readToken: z.string(), accountId: z.string(), zoneId: z.string() }),
  github: Cloud.extend({ repository: z.string(), gitDir: z.string() }),
  esc: Cloud.extend({ org: z.string() }),
  neon: Cloud,
  doppler: Cloud,
  edge: z.object({ url: z.string(), ca: z.string() }),
  providers: z.record(z.string(), z.number()).optional(),
});
export type Clouds = z.infer<typeof Clouds>;

export interface CloudsProcess {
  clouds: Clouds;
  /** Ends the process as a person would, with SIGTERM, and waits for it. */
  stop(): Promise<void>;
}

/** Starts all clouds in a process of their own, as anybody can. */
export async function startCloudsProcess(world: string, providers: boolean): Promise<CloudsProcess> {
  const main = fileURLToPath(new URL("../clouds/main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--no-warnings", main, "--json", "--world", world, ...(providers ? ["--providers"] : [])],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`The clouds did not start (exit ${code}):\n${said}`)));
  });
  return {
    clouds: Clouds.parse(JSON.parse(line)),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
