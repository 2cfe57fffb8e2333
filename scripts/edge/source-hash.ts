import { readFileSync } from "node:fs";
import { contentHash } from "./content-hash.ts";
import type { WorkerSource } from "./parts.ts";

/**
 * The hash of what a Worker is made of, whatever stack it is deployed to: its sources and the locked versions of what it
 * imports. Equal on two stacks, they run the same code.
 */
export function sourceHash({ dir, lockFile }: WorkerSource): string {
  return contentHash({ dir, also: [readFileSync(lockFile)] });
}
