import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.jsonc" },
      // The intake Worker has tests of its own; here it is whatever a test's own fetch says.
      miniflare: { serviceBindings: { INTAKE: () => Response.json({ status: "ok" }) as never } },
    }),
  ],
  test: {
    name: "watch",
    include: ["src/**/*.test.ts"],
    // As the intake has it: vitest wants projects with another number of workers to take their turn after the others.
    fileParallelism: false,
    sequence: { groupOrder: 1 },
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
