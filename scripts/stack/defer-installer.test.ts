import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

// In a process of its own: another test of this one may have loaded the SDK before.
const SCRIPT = `
  import { createRequire } from "node:module";
  import { deferInstaller } from "./scripts/stack/defer-installer.ts";
  const require = createRequire(import.meta.url);
  const isLoaded = () => Object.keys(require.cache).some((file) => file.includes("@npmcli/arborist/lib/arborist/"));
  deferInstaller();
  const { runtime } = require("@pulumi/pulumi");
  const before = isLoaded();
  const packed = await runtime.computeCodePaths();
  process.stdout.write(JSON.stringify({ before, packed: [...packed.keys()], after: isLoaded() }));
`;

test("The SDK starts without npm's installer, and has it all the same for whoever packs modules", async () => {
  const root = join(import.meta.dirname, "..", "..");
  const args = ["--no-warnings", "--input-type=module", "--eval", SCRIPT];
  const { stdout } = await execa(process.execPath, args, { cwd: root });
  const { before, packed, after } = JSON.parse(stdout);
  expect([before, after]).toEqual([false, true]);
  expect(packed).toContain("node_modules/zod");
});
