import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import type {} from "./test/backend-server.ts"; // types what is provided

export default defineConfig({
  plugins: [
    cloudflareTest(({ inject }) => ({
      // workerd would tell of every object that a test kills.
      verbose: false,
      wrangler: { configPath: "./wrangler.jsonc" },
      miniflare: {
        bindings: {
          BACKEND_URL: inject("backendUrl"),
          TURNSTILE_URL: `${inject("backendUrl")}/siteverify`,
          INTAKE_SIGNING_KEY: "whsec_cXVheXNpZGUtdGVzdC1rZXktMDAwMQ==",
          INTAKE_OPERATOR_KEY: "operator-test-key",
        },
        r2Buckets: ["INTAKE_UPLOADS"],
      },
    })),
  ],
  test: {
    name: "intake",
    include: ["src/**/*.test.ts"],
    globalSetup: ["./test/backend-server.ts"],
    // One backend serves all files.
    fileParallelism: false,
    // vitest wants projects with another number of workers to take their turn after the others.
    sequence: { groupOrder: 1 },
    // One start of workerd for all files instead of one each; they keep nothing in module scope.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
