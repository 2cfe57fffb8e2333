import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StackOutputs } from "../../infra/src/outputs.ts";
import { findParts } from "../edge/parts.ts";
import { workerConfig } from "../edge/worker-config.ts";
import type { Checkout } from "./checkout.ts";
import type { Run } from "./measure.ts";
import type { Side } from "./sides.ts";
import { ENGINE, type World } from "./world.ts";

/** Said beside the figures: what the stock side is, and where it is made to look better than it is. */
export const STOCK_IN_WORDS =
  "one pulumi process a stack, one after the other (preview, or up --yes --skip-preview), stack output --json, then one " +
  "wrangler process after the other for every Worker and site. The program runs in a Node process of its own, as " +
  "Pulumi's language host starts it; the host itself (infra/program-host.ts, reached by --client) is started beforehand, " +
  "and neither its start nor its memory counts. wrangler is started without npx. Nothing is verified and nothing is " +
  "commented. All of that counts for stock.";

const WRANGLER = join(
  dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "bin",
  "wrangler.js",
);

/** The sequence as it is built from pulumi/actions and cloudflare/wrangler-action. */
export function stockIn(checkout: Checkout, world: World): Side {
  const wrangler = (run: Run, ...args: string[]) =>
    run(process.execPath, [WRANGLER, ...args], { cwd: checkout.dir, env: world.env });
  return {
    name: "stock",
    hosts: [world.programHost.pid],
    async preview(run) {
      for (const stack of ["dev", "prod"]) await pulumi(run, checkout, world, "preview", "--stack", stack);
    },
    async deploy(run) {
      await pulumiUp(run, checkout, world, "dev");
      const printed = await pulumi(run, checkout, world, "stack", "output", "--json", "--stack", "dev");
      const outputs = StackOutputs.parse(JSON.parse(printed));
      const { workers, sites } = findParts(checkout.dir);
      for (const worker of workers) {
        const folder = join(worker.dir, ".wrangler", "deploy");
        mkdirSync(folder, { recursive: true });
        const config = join(folder, "stock.json");
        writeFileSync(config, JSON.stringify(workerConfig(worker, outputs)));
        await wrangler(run, "deploy", "--config", config);
      }
      for (const site of sites) {
        const project = outputs.sites[site.name]?.project ?? site.name;
        const options = ["--project-name", project, "--branch", "main", "--commit-dirty=true"];
        await wrangler(run, "pages", "deploy", site.dir, ...options);
      }
    },
  };
}

/** Makes a stack in the backend, as somebody did once by hand. */
export async function initStack(run: Run, checkout: Checkout, world: World, stack: string): Promise<void> {
  await run(ENGINE, ["stack", "init", stack, "--non-interactive"], place(checkout, world));
}

/** Applies a stack by the stock CLI. */
export async function pulumiUp(run: Run, checkout: Checkout, world: World, stack: string): Promise<void> {
  await pulumi(run, checkout, world, "up", "--yes", "--skip-preview", "--stack", stack);
}

function pulumi(run: Run, checkout: Checkout, world: World, ...args: string[]): Promise<string> {
  const client = args[0] === "stack" ? [] : [`--client=${world.programHost.address}`];
  return run(ENGINE, [...args, "--non-interactive", ...client], place(checkout, world));
}

function place(checkout: Checkout, world: World): { cwd: string; env: Record<string, string> } {
  return { cwd: join(checkout.dir, "infra"), env: world.env };
}
