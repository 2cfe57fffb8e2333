import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { z } from "zod";
import { StackProblem } from "./problem.ts";

/** The kinds of resource that the stack has for a Worker, with the binding's name for each. */
export interface WorkerFolder {
  name: string;
  /** What it answers: a host of the stack by its first label, and a path, `app/*`. */
  routes: string[];
  kvNamespaces: string[];
  d1Databases: string[];
  queues: string[];
  r2Buckets: string[];
  analyticsEngineDatasets: string[];
}

/** What the repository wants at the edge. */
export interface Repository {
  workers: WorkerFolder[];
  sites: string[];
}

const binding = z.object({ binding: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) });
/** https://developers.cloudflare.com/workers/wrangler/configuration/#bindings */
const WranglerConfig = z.object({
  routes: z
    .array(
      z.string().regex(/^[a-z][a-z0-9-]*\/\S*$/, 'must be a host\'s first label and a path, like "app/*"'),
    )
    .optional(),
  kv_namespaces: z.array(binding).default([]),
  d1_databases: z.array(binding).default([]),
  queues: z.object({ producers: z.array(binding).default([]) }).default({ producers: [] }),
  r2_buckets: z.array(binding).default([]),
  analytics_engine_datasets: z.array(binding).default([]),
});

/** A Worker's name is part of its script's name and of hostnames; a site's of a Pages project's. */
const FOLDER_NAME = /^[a-z][a-z0-9-]{0,40}$/;

/**
 * Reads the Workers (`workers/<name>/wrangler.jsonc`) and the sites (`sites/<name>/`) of the repository at `root`, so that
 * adding one needs no list in the infrastructure. What a Worker declares to bind is what the stack makes for it.
 */
export function readRepository(root: string): Repository {
  const workers = foldersOf(join(root, "workers"), "wrangler.jsonc").map((name) => {
    const config = readWranglerConfig(join(root, "workers", name, "wrangler.jsonc"), name);
    return {
      name,
      routes: config.routes ?? [`www/${name}*`, `app/${name}*`],
      kvNamespaces: config.kv_namespaces.map((each) => each.binding),
      d1Databases: config.d1_databases.map((each) => each.binding),
      queues: config.queues.producers.map((each) => each.binding),
      r2Buckets: config.r2_buckets.map((each) => each.binding),
      analyticsEngineDatasets: config.analytics_engine_datasets.map((each) => each.binding),
    };
  });
  // A site is served as it stands, or built by its package.json.
  return { workers, sites: foldersOf(join(root, "sites"), "index.html", "package.json") };
}

function foldersOf(folder: string, ...markers: string[]): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && FOLDER_NAME.test(entry.name))
      .map((entry) => entry.name)
      .filter((name) => readdirSync(join(folder, name)).some((file) => markers.includes(file)))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function readWranglerConfig(path: string, worker: string): z.output<typeof WranglerConfig> {
  const errors: ParseError[] = [];
  const document: unknown = parse(readFileSync(path, "utf8"), errors, { allowTrailingComma: true });
  const where = `workers/${worker}/wrangler.jsonc`;
  const [first] = errors;
  if (first) {
    throw new StackProblem(
      `${where} can't be read: ${printParseErrorCode(first.error)} at character ${first.offset}.`,
      "Mend the file; it is JSON with comments.",
    );
  }
  const result = WranglerConfig.safeParse(document);
  if (!result.success) {
    throw new StackProblem(
      `The bindings in ${where} can't be understood:\n${z.prettifyError(result.error)}`,
      'A route is "<first label of a host>/<path>". Every entry of kv_namespaces, d1_databases, queues.producers, r2_buckets and analytics_engine_datasets needs a "binding".',
    );
  }
  return result.data;
}
