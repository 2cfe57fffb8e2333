import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { inOrder } from "./order.ts";

/** The parts of wrangler.jsonc that the pipeline itself reads; the rest goes to wrangler as it is. */
const WranglerConfig = z.looseObject({
  name: z.string(),
  main: z.string(),
  vars: z.record(z.string(), z.unknown()).default({}),
  kv_namespaces: z.array(z.looseObject({ binding: z.string() })).default([]),
  d1_databases: z.array(z.looseObject({ binding: z.string() })).default([]),
  r2_buckets: z.array(z.looseObject({ binding: z.string() })).default([]),
  analytics_engine_datasets: z.array(z.looseObject({ binding: z.string() })).default([]),
  queues: z
    .looseObject({ producers: z.array(z.looseObject({ binding: z.string() })).default([]) })
    .optional(),
  assets: z.looseObject({ directory: z.string().optional() }).optional(),
  services: z.array(z.looseObject({ binding: z.string(), service: z.string() })).default([]),
  durable_objects: z
    .looseObject({
      bindings: z.array(z.looseObject({ name: z.string(), script_name: z.string().optional() })).default([]),
    })
    .optional(),
  tail_consumers: z.array(z.looseObject({ service: z.string() })).optional(),
});
export type WranglerConfig = z.infer<typeof WranglerConfig>;

export interface WorkerSource {
  name: string;
  dir: string;
  config: WranglerConfig;
  /** The lock file that decides what it imports. */
  lockFile: string;
}
export interface SiteSource {
  name: string;
  dir: string;
  /** The lock file that a build depends on; undefined for a site that is served as it stands. */
  builtWith?: string;
}

export interface EdgeParts {
  workers: WorkerSource[];
  sites: SiteSource[];
}

/**
 * The edge of a project: Workers are the folders of `workers/` with a wrangler.jsonc, those that others need before them;
 * sites the folders of `sites/` with an index.html, or with a package.json that has a script `build`, which makes `dist/`.
 *
 * @param dir the project's folder
 * @param root the repository, whose lock file counts for all of its projects
 * @throws UserError `worker-config`, `worker-cycle`
 */
export function findParts(dir: string, root = dir): EdgeParts {
  const lockFile = join(root, "package-lock.json");
  return {
    workers: inOrder(
      folders(join(dir, "workers"))
        .filter(({ dir }) => existsSync(join(dir, "wrangler.jsonc")))
        .map(({ name, dir }) => ({ name, dir, config: readConfig(join(dir, "wrangler.jsonc")), lockFile })),
    ),
    sites: folders(join(dir, "sites")).flatMap((site): SiteSource[] => {
      if (hasBuild(site.dir)) return [{ ...site, builtWith: lockFile }];
      return existsSync(join(site.dir, "index.html")) ? [site] : [];
    }),
  };
}

const Package = z.object({ scripts: z.object({ build: z.string() }) });

function hasBuild(dir: string): boolean {
  const file = join(dir, "package.json");
  return existsSync(file) && Package.safeParse(parse(readFileSync(file, "utf8"))).success;
}

function folders(parent: string): { name: string; dir: string }[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => ({ name: entry.name, dir: join(parent, entry.name) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function readConfig(file: string): WranglerConfig {
  const errors: ParseError[] = [];
  const json: unknown = parse(readFileSync(file, "utf8"), errors, { allowTrailingComma: true });
  const parsed = WranglerConfig.safeParse(json);
  if (errors.length === 0 && parsed.success) return parsed.data;
  const problems = [
    ...errors.map((error) => `${printParseErrorCode(error.error)} at character ${error.offset}`),
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  ];
  throw new UserError(
    "worker-config",
    `${file} can't be read: ${problems.join("; ")}.`,
    "Mend the file; https://developers.cloudflare.com/workers/wrangler/configuration/ says what belongs into it.",
    EXIT.usage,
  );
}
