import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { Home } from "./stacks.ts";

/** A Worker, by what is the same in two projects' names for it: scripts are `<worker>-<stack>`, and all projects share the account. */
export interface Script {
  /** What its script is called up to the stage: `cart-` of the root's `cart`, `cart-shop-` of that of `shop`. */
  stem: string;
  /** Its folder, relative to the repository. */
  folder: string;
}

/** All Workers of the repository, by their folders, those of the root's project first. */
export function scriptsOf(root: string, homes: readonly Home[]): Script[] {
  return homes.flatMap((home) => {
    const folder = join(home.dir, "workers");
    return (existsSync(folder) ? readdirSync(folder) : [])
      .filter((worker) => existsSync(join(folder, worker, "wrangler.jsonc")))
      .map((worker) => ({ stem: stemOf(home, worker), folder: relative(root, join(folder, worker)) }));
  });
}

export function stemOf({ prefix }: Home, worker: string): string {
  return `${worker}-${prefix}`;
}
