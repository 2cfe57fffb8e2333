import { existsSync } from "node:fs";
import { configDefaults, defineConfig } from "vitest/config";

// The Workers' projects need @cloudflare/vitest-plugin; without it only they are left out, not everybody's tests.
const workers = existsSync(new URL("node_modules/@cloudflare/vitest-plugin", import.meta.url));

export default defineConfig({
  test: {
    silent: "passed-only",
    projects: [
      ...(workers ? ["workers/*/vitest.config.ts"] : []),
      {
        test: {
          name: "node",
          include: ["{scripts,infra,sites}/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "**/.rehearsal/**", "**/.wrangler/**"],
          pool: "forks",
          // Real engines, real servers and real browsers take their time on a machine that is busy with the others.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
