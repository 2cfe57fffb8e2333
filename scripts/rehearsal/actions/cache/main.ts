import { appendFileSync, existsSync } from "node:fs";
import { homedir } from "node:os";
import { z } from "zod";

const env = z
  .object({ GITHUB_OUTPUT: z.string(), INPUT_PATH: z.string().min(1), INPUT_KEY: z.string().min(1).max(512) })
  .parse(process.env);

const paths = env.INPUT_PATH.split("\n")
  .map((path) => path.trim().replace(/^~(?=\/)/, homedir()))
  .filter(Boolean);
const missing = paths.filter((path) => !existsSync(path));
console.log(
  missing.length === 0 ? `Cache restored: ${env.INPUT_KEY}` : `Not in the cache: ${missing.join(", ")}`,
);
appendFileSync(env.GITHUB_OUTPUT, `cache-hit=${missing.length === 0}\n`);
