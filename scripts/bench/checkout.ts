import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { copyTemplate } from "../rehearsal/stage/copy-template.ts";
import { useWorld } from "../rehearsal/stage/use-world.ts";

/** A copy of the repository with a number of Workers, for one side of the bench. */
export interface Checkout {
  dir: string;
  /** The name of a Worker that {@link changeOneWorker} changes. */
  changed: string;
  /** Changes the sources of one Worker, differently each time. */
  changeOneWorker(): void;
  /** Changes one property of a resource in both stacks. */
  changeInfrastructure(): void;
  /** Puts the stacks' settings back as they were cloned. */
  restoreSettings(): void;
}

/**
 * Copies what git tracks and does not ignore, links the installed packages in, and adds small Workers until there are
 * `workers` of them.
 *
 * @param options account and release key go into the stacks' settings, by {@link useWorld}
 */
export async function makeCheckout(
  root: string,
  dir: string,
  options: { workers: number; accountId: string; signingKey: string },
): Promise<Checkout> {
  // Of the template's Workers the first, which needs no other; the small ones are then all alike.
  const isLeftOut = (file: string) => file.startsWith("workers/") && !file.startsWith("workers/intake/");
  copyTemplate(root, dir, (file) => !isLeftOut(file));
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"), "dir");
  const names = ["intake"];
  for (let number = 1; number < options.workers; number++) {
    const name = `bench-${String(number).padStart(2, "0")}`;
    names.push(name);
    writeWorker(join(dir, "workers", name), name);
  }
  const stacks = ["dev", "prod"];
  useWorld(dir, stacks, options);
  const settings = stacks.map((stack) => {
    const file = join(dir, "infra", `Pulumi.${stack}.yaml`);
    return { file, text: readFileSync(file, "utf8") };
  });

  const git = (...args: string[]) =>
    execa("git", ["-c", "user.name=Bench", "-c", "user.email=bench@quayside.example", ...args], {
      cwd: dir,
      env: { GIT_CONFIG_NOSYSTEM: "1", HOME: dir },
    });
  await git("init", "--quiet", "--initial-branch", "main");
  writeFileSync(join(dir, ".git", "info", "exclude"), "node_modules\n");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Start from the template");

  const changed = names.at(-1) ?? "intake";
  const source = join(dir, "workers", changed, "src", "index.ts");
  let changes = 0;
  return {
    dir,
    changed,
    changeOneWorker: () => appendFileSync(source, `// Changed ${++changes} times.\n`),
    changeInfrastructure() {
      for (const { file } of settings)
        writeFileSync(file, readFileSync(file, "utf8").replace(/volumeSize: .*/, 'volumeSize: "30"'));
    },
    restoreSettings() {
      for (const { file, text } of settings) writeFileSync(file, text);
    },
  };
}

function writeWorker(dir: string, name: string): void {
  const binding = `${name.toUpperCase().replaceAll("-", "_")}_STORE`;
  mkdirSync(join(dir, "src"), { recursive: true });
  writeFileSync(
    join(dir, "wrangler.jsonc"),
    `${JSON.stringify(
      {
        name,
        main: "src/index.ts",
        compatibility_date: "2026-11-17",
        workers_dev: false,
        preview_urls: false,
        kv_namespaces: [{ binding, id: "00000000000000000000000000000000" }],
        version_metadata: { binding: "VERSION" },
      },
      undefined,
      2,
    )}\n`,
  );
  writeFileSync(
    join(dir, "src", "index.ts"),
    `interface Env {
  ${binding}: { get(key: string): Promise<string | null> };
  VERSION: { id: string };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname.endsWith("/healthz")) return Response.json({ version: env.VERSION.id });
    return new Response(await env.${binding}.get("greeting") ?? "Hello from ${name}.");
  },
};
`,
  );
}
