import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    silent: "passed-only",
    projects: [
      "workers/*/vitest.config.ts",
      {
        test: {
          name: "node",
          include: ["{.rules,scripts,infra,sites}/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "**/.rehearsal*/**", "**/.wrangler/**"],
          pool: "forks",
          // Real engines, real servers and real browsers take their time on a machine that is busy with the others.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
