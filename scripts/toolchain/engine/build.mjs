import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../child.mjs";
import { findGo } from "./go.mjs";

const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const EXPECTED = "5 to 10 min on two cores, only this once";

/**
 * Builds the engine from the Go module that scripts/toolchain/engine/go.mod and go.sum pin. The engine alone: the language
 * hosts of the official download are not to be had this way, and the pipeline's inline programs need none.
 * Go keeps what it fetches and compiles in its own caches (GOMODCACHE, GOCACHE).
 *
 * @param {object} what
 * @param {string} what.root the repository
 * @param {string} what.version
 * @param {string} what.binary where the engine is to be written
 * @param {(pid: number) => void} what.onStart
 * @param {import("../progress.mjs").Step} what.step
 * @returns {Promise<{ problem?: string, output?: string }>}
 */
export async function buildEngine({ root, version, binary, onStart, step }) {
  const module = join(root, "scripts", "toolchain", "engine");
  const manifest = readFileSync(join(module, "go.mod"), "utf8");
  const pinned = /^\s*(?:require )?github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/m.exec(manifest)?.[1];
  if (pinned !== version) {
    return {
      problem: `scripts/toolchain/engine/go.mod pins ${pinned}, package.json ${version}: run \`go get ${PACKAGE}@v${version} && go mod tidy\` in scripts/toolchain/engine`,
    };
  }
  const { go, problem } = findGo(/^go (\S+)/m.exec(manifest)?.[1] ?? "0", root);
  if (problem !== undefined) return { problem };

  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on" };
  // Set for cross-compiling something else, they would give an engine that does not run here.
  delete env.GOOS;
  delete env.GOARCH;
  const options = { cwd: module, env, onStart };

  const modules = manifest.split("\n").filter((line) => /^\s+\S+ v\S+/.test(line)).length;
  let fetched = 0;
  step.update("looking up the Go sources");
  const list = await runChild(go, ["list", "-mod=readonly", "-deps", PACKAGE], {
    ...options,
    onLine: (line) => {
      if (!line.startsWith("go: downloading ")) return;
      fetched += 1;
      step.update(`fetching the Go sources, module ${fetched} of about ${modules}`);
    },
  });
  if (list.code !== 0) return failed("go list", list);

  const packages = list.output.split("\n").filter((line) => line && !line.startsWith("go: ")).length;
  let compiled = 0;
  step.note(`compiling ${packages} Go packages, which takes ${EXPECTED}`);
  step.update(`0 of ${packages} Go packages compiled`);
  const ldflags = `-s -w -X ${VERSION_VARIABLE}=v${version}`;
  const build = await runChild(
    go,
    [
      "build",
      "-v",
      "-mod=readonly",
      "-trimpath",
      "-buildvcs=false",
      "-ldflags",
      ldflags,
      "-o",
      binary,
      PACKAGE,
    ],
    {
      ...options,
      onLine: (line) => {
        if (line === PACKAGE) {
          step.update("linking");
        } else if (/^[\w.]+(?:\/\S+)?$/.test(line)) {
          compiled += 1;
          step.update(`${Math.min(compiled, packages)} of ${packages} Go packages compiled`);
        }
      },
    },
  );
  return build.code === 0 ? {} : failed("go build", build);
}

/**
 * @param {string} command
 * @param {import("../child.mjs").Outcome} outcome
 */
function failed(command, { code, signal, output, problem }) {
  const lines = output.split("\n").filter((line) => line.startsWith("go: ") || /\s/.test(line));
  return {
    problem: `\`${command}\` ${problem ? `can't be started: ${problem.message}` : `ended with ${signal ?? code}`}`,
    output: lines.filter((line) => !line.startsWith("go: downloading ")).join("\n"),
  };
}
