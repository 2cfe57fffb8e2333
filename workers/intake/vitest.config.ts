import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { startBackend } from "./test/backend-server.ts";

export default defineConfig({
  plugins: [
    // Asked by each process of tests: what one of them sends, no other one finds.
    cloudflareTest(async () => {
      const backend = await startBackend();
      return {
        // workerd would tell of every object that a test kills.
        verbose: false,
        wrangler: { configPath: "./wrangler.jsonc" },
        miniflare: {
          bindings: {
            BACKEND_URL: backend,
            TURNSTILE_URL: `${backend}/siteverify`,
            INTAKE_SIGNING_KEY: "whsec_cXVheXNpZGUtdGVzdC1rZXktMDAwMQ==",
            INTAKE_OPERATOR_KEY: "operator-test-key",
          },
          r2Buckets: ["INTAKE_UPLOADS"],
        },
      };
    }),
  ],
  test: {
    name: "intake",
    include: ["src/**/*.test.ts"],
    // One start of workerd for several files instead of one each; they keep nothing in module scope.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
