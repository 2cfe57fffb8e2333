import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { z } from "zod";
import type { Bench } from "./bench.ts";

const Bindings = z.looseObject({
  queues: z
    .looseObject({ producers: z.array(z.unknown()).optional(), consumers: z.array(z.unknown()).optional() })
    .optional(),
  r2_buckets: z.array(z.unknown()).optional(),
});

/** Permissions at Cloudflare that no Worker of this repository needs. */
export async function needlessPermissions(bench: Bench): Promise<string[]> {
  const workers = bench.project.homes.flatMap(({ dir }) => readWorkers(join(dir, "workers")));
  const queues = workers.some(
    ({ queues: used }) => (used?.producers?.length ?? 0) + (used?.consumers?.length ?? 0) > 0,
  );
  const buckets = workers.some(({ r2_buckets: used }) => (used?.length ?? 0) > 0);
  return [...(queues ? [] : ["Account · Queues"]), ...(buckets ? [] : ["Account · Workers R2 Storage"])];
}

function readWorkers(folder: string): z.infer<typeof Bindings>[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      try {
        return [Bindings.parse(parse(readFileSync(join(folder, name, "wrangler.jsonc"), "utf8")))];
      } catch {
        // A folder without a configuration that can be read is told of by the preview.
        return [];
      }
    });
}
