import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { findParts } from "./parts.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const workers = findParts(ROOT).workers.filter(({ dir }) =>
  existsSync(join(dir, "worker-configuration.d.ts")),
);

it.each(workers)("The types of $name's bindings are what its wrangler.jsonc says", async ({ dir }) => {
  const { all, exitCode } = await execa(
    join(ROOT, "node_modules", ".bin", "wrangler"),
    // A developer's own .dev.vars is not part of the configuration.
    ["types", "--check", "--env-file", "/dev/null"],
    { cwd: dir, all: true, reject: false, env: { CI: "1", WRANGLER_SEND_METRICS: "false" } },
  );
  expect(exitCode, all).toBe(0);
});

it("There is a Worker whose types are looked at", () => {
  expect(workers.length).toBeGreaterThan(0);
});
