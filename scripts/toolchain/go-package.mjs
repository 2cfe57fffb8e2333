import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "./child.mjs";
import { findGo } from "./engine/go.mjs";

/**
 * Builds a package of a Go module that a go.mod and a go.sum pin.
 * Go keeps what it fetches and compiles in its own caches (GOMODCACHE, GOCACHE).
 *
 * @param {object} what
 * @param {string} what.root the repository
 * @param {string} what.module the folder of go.mod and go.sum, below the repository
 * @param {string} what.name the module's package to build, for example `github.com/nektos/act`
 * @param {string} what.pinned the module whose version go.mod has to have: `name`, or the one that `name` is part of
 * @param {string} what.version without the `v`
 * @param {string} what.ldflags
 * @param {string} what.expected how long it takes, for people
 * @param {string} what.binary where the program is to be written
 * @param {(pid: number) => void} what.onStart
 * @param {import("./progress.mjs").Step} what.step
 * @returns {Promise<{ problem?: string, output?: string }>}
 */
export async function buildGoPackage({
  root,
  module,
  name,
  pinned,
  version,
  ldflags,
  expected,
  binary,
  onStart,
  step,
}) {
  const manifest = readFileSync(join(root, module, "go.mod"), "utf8");
  const found = requiredVersion(manifest, pinned);
  if (found !== version) {
    return {
      problem: `${module}/go.mod pins ${found}, and ${version} is asked for: run \`go get ${name}@v${version} && go mod tidy\` in ${module}`,
    };
  }
  const { go, problem } = findGo(/^go (\S+)/m.exec(manifest)?.[1] ?? "0", root);
  if (problem !== undefined) return { problem };

  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on" };
  // Set for cross-compiling something else, they would give a program that does not run here.
  delete env.GOOS;
  delete env.GOARCH;
  const options = { cwd: join(root, module), env, onStart };

  const modules = manifest.split("\n").filter((line) => /^\s+\S+ v\S+/.test(line)).length;
  let fetched = 0;
  step.update("looking up the Go sources");
  const list = await runChild(go, ["list", "-mod=readonly", "-deps", name], {
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
  step.note(`compiling ${packages} Go packages, which takes ${expected}`);
  step.update(`0 of ${packages} Go packages compiled`);
  const flags = ["-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", ldflags];
  const build = await runChild(go, ["build", ...flags, "-o", binary, name], {
    ...options,
    onLine: (line) => {
      if (line === name) {
        step.update("linking");
      } else if (/^[\w.]+(?:\/\S+)?$/.test(line)) {
        compiled += 1;
        step.update(`${Math.min(compiled, packages)} of ${packages} Go packages compiled`);
      }
    },
  });
  return build.code === 0 ? {} : failed("go build", build);
}

/**
 * @param {string} manifest the text of a go.mod
 * @param {string} module
 * @returns {string | undefined} the version that it asks for, without the `v`
 */
export function requiredVersion(manifest, module) {
  const line = manifest
    .split("\n")
    .find((each) => each.replace("require ", "").trim().startsWith(`${module} v`));
  return line && /\sv(\S+)/.exec(line)?.[1];
}

/**
 * @param {string} command
 * @param {import("./child.mjs").Outcome} outcome
 */
function failed(command, { code, signal, output, problem }) {
  const lines = output.split("\n").filter((line) => line.startsWith("go: ") || /\s/.test(line));
  return {
    problem: `\`${command}\` ${problem ? `can't be started: ${problem.message}` : `ended with ${signal ?? code}`}`,
    output: lines.filter((line) => !line.startsWith("go: downloading ")).join("\n"),
  };
}
