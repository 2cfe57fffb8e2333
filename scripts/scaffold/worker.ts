import { posix } from "node:path";
import type { Files } from "./write.ts";

/**
 * The files of a new Worker: it answers `/<name>` and `/<name>/healthz`, and has a test that runs in workerd. The stack, the
 * deployment, previews and CI find it by its folder.
 *
 * @param compatibilityDate `YYYY-MM-DD`, that of the Workers that are there
 * @param project the folder of its project, relative to the repository; empty for the root's
 */
export function workerFiles(name: string, compatibilityDate: string, project = ""): Files {
  const folder = posix.join(project, "workers", name);
  const root = posix.relative(folder, "");
  // vitest wants a name that no other project's Worker has.
  const title = project ? `${posix.basename(project)}-${name}` : name;
  return {
    [`${folder}/wrangler.jsonc`]: `{
  "$schema": "${root}/node_modules/wrangler/config-schema.json",
  "name": "${name}",
  "main": "src/index.ts",
  "compatibility_date": "${compatibilityDate}",
  // Routes, the script's name and the values of the bindings come from the stack's outputs; the deploy puts them in by
  // the binding's name. What stands here is for \`wrangler dev\`, the tests and previews.
  "workers_dev": false,
  "preview_urls": false,
  "vars": { "STACK": "local" },
  "version_metadata": { "binding": "VERSION" },
  "observability": { "enabled": true }
}
`,
    [`${folder}/tsconfig.json`]: `{
  "extends": "${root}/tsconfig.json",
  "compilerOptions": {
    "lib": ["esnext"],
    "types": ["@cloudflare/workers-types", "@cloudflare/vitest-plugin/types", "node"],
    "module": "esnext",
    "moduleResolution": "bundler"
  },
  "include": ["src"],
  "exclude": []
}
`,
    [`${folder}/vitest.config.ts`]: `import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.jsonc" } })],
  test: {
    name: "${title}",
    include: ["src/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
`,
    [`${folder}/src/env.ts`]: `/** The Worker's bindings, as wrangler.jsonc names them. */
export interface Env {
  VERSION: WorkerVersionMetadata;
  /** Name of the stack: \`dev\`, \`prod\`; \`local\` outside any. */
  STACK: string;
}

declare global {
  namespace Cloudflare {
    interface Env extends WorkerEnv {}
    interface GlobalProps {
      mainModule: typeof import("./index.ts");
    }
  }
}
type WorkerEnv = Env;
`,
    [`${folder}/src/index.ts`]: `import type { Env } from "./env.ts";

type Handler = (request: Request, env: Env) => Response | Promise<Response>;

/** By path. The deployment asks healthz whether it reaches the version that it has deployed. */
const routes: Record<string, Handler> = {
  "/${name}": (_request, env) => Response.json({ hello: "${name}", stack: env.STACK }),
  "/${name}/healthz": (_request, env) =>
    Response.json(
      { status: "ok", stack: env.STACK, version: env.VERSION.id },
      { headers: { "cache-control": "no-store", "access-control-allow-origin": "*" } },
    ),
};

export default {
  async fetch(request, env): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD")
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    const handler = routes[new URL(request.url).pathname];
    return handler ? handler(request, env) : new Response("There is nothing here.\\n", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
`,
    [`${folder}/src/index.test.ts`]: `import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";

const ask = (path: string, init?: RequestInit) =>
  exports.default.fetch(new URL(path, "https://www.example.com"), init);

test("it answers its path", async () => {
  expect(await (await ask("/${name}")).json()).toEqual({ hello: "${name}", stack: "local" });
});

test("healthz names the stack and the version", async () => {
  const response = await ask("/${name}/healthz");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "ok", stack: "local", version: expect.any(String) });
});

test("other paths and methods are refused", async () => {
  expect((await ask("/${name}/nowhere")).status).toBe(404);
  expect((await ask("/${name}", { method: "POST" })).status).toBe(405);
});
`,
  };
}
