import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { type CloudAddresses, startClouds } from "../../rehearsal/clouds/start.ts";
import { copyTemplate } from "../../rehearsal/stage/copy-template.ts";
import { createReporter } from "../../terminal/reporter.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
/** What the set-up reads and writes of a checkout. */
const PARTS = ["infra", "sites", "workers", ".github"];

/** Clouds in which nothing is set up, and a fresh checkout of the template. */
export interface EmptyWorld {
  clouds: CloudAddresses;
  /** A checkout of its own for each caller. */
  checkout(): string;
  /** The address of every cloud, as the environment names it. */
  env: Record<string, string>;
  /** A person's token at GitHub, with a role in the repository. */
  person(login: string, role: string): Promise<string>;
  /** A call past GitHub's, Cloudflare's … API, to what the rehearsal can do with a cloud. */
  admin(
    cloud: "github" | "cloudflare" | "hetzner" | "esc" | "neon" | "doppler",
    method: string,
    path: string,
    body?: unknown,
  ): Promise<unknown>;
  close(): Promise<void>;
}

export async function emptyWorld(): Promise<EmptyWorld> {
  const dir = mkdtempSync(join(tmpdir(), "quayside-setup-"));
  const running = await startClouds({ world: join(dir, "world"), empty: true });
  const { addresses: clouds } = running;
  let checkouts = 0;
  const world: EmptyWorld = {
    clouds,
    checkout() {
      const root = join(dir, `checkout-${++checkouts}`);
      copyTemplate(ROOT, root, (file) => PARTS.some((part) => file.startsWith(`${part}/`)));
      return root;
    },
    env: {
      GITHUB_API_URL: clouds.github.url,
      HCLOUD_ENDPOINT: clouds.hetzner.url,
      CLOUDFLARE_BASE_URL: clouds.cloudflare.url,
      PULUMI_API: clouds.esc.url,
      NEON_API_URL: clouds.neon.url,
      DOPPLER_API_HOST: clouds.doppler.url,
    },
    async person(login, role) {
      const made = await world.admin("github", "POST", "/_rehearsal/users", { login, role });
      return z.object({ token: z.string() }).parse(made).token;
    },
    async admin(cloud, method, path, body) {
      const { origin } = new URL(clouds[cloud].url);
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === "" ? undefined : (JSON.parse(text) as unknown);
    },
    async close() {
      await running.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}

/** A command's context in that world, and what it says. */
export function contextIn(
  root: string,
  env: Record<string, string>,
): { context: Context; said: () => string } {
  let said = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said += chunk.toString();
      done();
    },
  });
  return {
    context: {
      root,
      env,
      reporter: createReporter({ stream, github: false }),
      json: true,
      now: () => new Date(),
      signal: new AbortController().signal,
    },
    said: () => said,
  };
}
