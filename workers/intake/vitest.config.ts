import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import "./test/backend-server.ts";

export default defineConfig({
  plugins: [
    cloudflareTest(({ inject }) => ({
      wrangler: { configPath: "./wrangler.jsonc" },
      miniflare: {
        bindings: {
          BACKEND_URL: inject("backendUrl"),
          INTAKE_SIGNING_KEY: "whsec_cXVheXNpZGUtdGVzdC1rZXktMDAwMQ==",
          INTAKE_OPERATOR_KEY: "operator-test-key",
        },
      },
    })),
  ],
  test: {
    name: "intake",
    include: ["src/**/*.test.ts"],
    globalSetup: ["./test/backend-server.ts"],
    // One backend serves all files.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
