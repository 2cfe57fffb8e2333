import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { z } from "zod";
import { ownEngineHome } from "../../stage/engine-home.ts";
import type { Notebook } from "../../stage/evidence.ts";
import type { Stage } from "../../stage/stage.ts";

/** What a command ended with that somebody started on his own machine. */
export interface OwnerOutcome {
  exitCode: number;
  log: string;
  /** The document that `--json` printed. */
  result: Record<string, unknown>;
}

/** The owner's own secrets, by the names that the file of answers calls them. */
export type OwnerSecrets = Record<string, string>;

/** The domain of a world in which nothing is set up. */
export const DOMAIN = "harbour.example";

/** An answer that stands in a variable of the environment, as a file of answers names it. */
export function fromEnv(variable: string): string {
  return `\${${variable}}`;
}

/** What an owner with all accounts answers; a secret is named by its variable and stands in no file. */
export function answersOf(stage: Stage): Record<string, unknown> {
  return {
    repository: stage.clouds.github.repository,
    "github-token": fromEnv("GITHUB_TOKEN_OF_ROBIN"),
    home: "pulumi",
    "pulumi-token": fromEnv("PULUMI_ADMIN_TOKEN"),
    domain: DOMAIN,
    "cloudflare-token": fromEnv("CLOUDFLARE_WRITE"),
    "cloudflare-preview-token": fromEnv("CLOUDFLARE_READ"),
    "hetzner-token": fromEnv("HETZNER_WRITE"),
    "hetzner-preview-token": fromEnv("HETZNER_READ"),
    "neon-key": fromEnv("NEON_KEY"),
    "doppler-token": fromEnv("DOPPLER_PERSONAL"),
    "admin-ranges": ["203.0.113.0/24"],
    reviewers: ["robin"],
  };
}

/** A person with an account at GitHub, who administers the repository. */
export async function signUp(stage: Stage, login: string): Promise<string> {
  const response = await fetch(`${stage.clouds.github.url}/_rehearsal/users`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ login, role: "admin" }),
  });
  return z.object({ token: z.string() }).parse(await response.json()).token;
}

/** The tokens that the owner made at the providers' pages. */
export function tokensOf({ clouds }: Stage, robin: string): OwnerSecrets {
  return {
    GITHUB_TOKEN_OF_ROBIN: robin,
    PULUMI_ADMIN_TOKEN: clouds.esc.token,
    CLOUDFLARE_WRITE: clouds.cloudflare.token,
    CLOUDFLARE_READ: clouds.cloudflare.readToken,
    HETZNER_WRITE: clouds.hetzner.token,
    HETZNER_READ: clouds.hetzner.readToken,
    NEON_KEY: clouds.neon.token,
    DOPPLER_PERSONAL: clouds.doppler.token,
  };
}

/** Writes a file of answers where git does not see it, and gives its path in the checkout. */
export function writeAnswers(
  stage: Stage,
  answers: Record<string, unknown>,
  file = join(".setup", "answers.yaml"),
): string {
  mkdirSync(join(stage.checkout.dir, ".setup"), { recursive: true });
  writeFileSync(join(stage.checkout.dir, file), stringify(answers));
  return file;
}

/** What every program of the owner's finds in its environment: nothing of it is secret. */
export function environmentOf({ clouds, dir }: Stage): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: join(dir, "owner"),
    PULUMI_HOME: ownEngineHome(dir),
    GITHUB_API_URL: clouds.github.url,
    HCLOUD_ENDPOINT: clouds.hetzner.url,
    CLOUDFLARE_BASE_URL: clouds.cloudflare.url,
    CLOUDFLARE_API_BASE_URL: clouds.cloudflare.url,
    PULUMI_API: new URL(clouds.esc.url).origin,
    NEON_API_URL: clouds.neon.url,
    DOPPLER_API_HOST: clouds.doppler.url,
    NODE_USE_ENV_PROXY: "1",
    HTTPS_PROXY: clouds.edge.url,
    NO_PROXY: "127.0.0.1,localhost",
    NODE_EXTRA_CA_CERTS: clouds.edge.ca,
  };
}

/** Runs a command in the owner's checkout, as `npm run <command> -- …` does, and keeps what it said. */
export async function run(
  stage: Stage,
  notes: Notebook,
  title: string,
  args: string[],
  secrets: OwnerSecrets,
  extra: Record<string, string> = {},
): Promise<OwnerOutcome> {
  const { checkout } = stage;
  const result = await execa(process.execPath, ["--no-warnings", "scripts/cli.ts", ...args, "--json"], {
    cwd: checkout.dir,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    env: { ...environmentOf(stage), ...secrets, ...extra },
  });
  notes.keep(title, "log", `$ npm run ${args.join(" ")}\n\n${result.stderr}\n`);
  return {
    exitCode: result.exitCode ?? 1,
    log: result.stderr,
    result: z.record(z.string(), z.unknown()).catch({}).parse(parseLine(result.stdout)),
  };
}

function parseLine(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as unknown;
  } catch {
    return undefined;
  }
}

/** Asks a cloud to do the next fitting calls wrong. */
export async function fault(url: string, rule: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${new URL(url).origin}/_rehearsal/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(rule),
  });
  if (!response.ok) throw new Error(`no fault: ${await response.text()}`);
}

/** How often a cloud was asked to change something, and did. */
export async function changes(url: string): Promise<string[]> {
  const calls = z
    .array(z.object({ method: z.string(), path: z.string(), status: z.number() }))
    .parse(await (await fetch(`${new URL(url).origin}/_rehearsal/calls`)).json());
  return calls
    .filter(({ method, status }) => method !== "GET" && status < 300)
    .map(({ method, path }) => `${method} ${path}`);
}
