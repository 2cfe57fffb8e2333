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
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
