import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { deferInstaller } from "./defer-installer.ts";

const require = createRequire(import.meta.url);
const isLoaded = () =>
  Object.keys(require.cache).some((file) => file.includes("@npmcli/arborist/lib/arborist/"));

test("The SDK starts without npm's installer, and has it all the same for whoever packs modules", async () => {
  deferInstaller();
  const { runtime } = require("@pulumi/pulumi") as typeof import("@pulumi/pulumi");
  expect(isLoaded()).toBe(false);
  const packed = await runtime.computeCodePaths();
  expect([...packed.keys()]).toContain("node_modules/zod");
  expect(isLoaded()).toBe(true);
});
