import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where Go's own installers put it; a shell that was open before the install does not have it on its PATH. */
const USUAL = [
  "/usr/local/go/bin/go",
  "/opt/homebrew/bin/go",
  "/usr/local/bin/go",
  join(homedir(), "go", "bin", "go"),
  "/snap/bin/go",
];

/**
 * A Go that can build a module which asks for version `needed`.
 * From 1.21 on Go fetches the version that a module asks for, unless GOTOOLCHAIN forbids it: https://go.dev/doc/toolchain
 *
 * @param {string} needed for example `1.25.11`
 * @param {string} root the repository; it has no go.mod, so that Go answers for itself and does not fetch anything yet
 * @returns {{ go: string, problem?: undefined } | { go?: undefined, problem: string }}
 */
export function findGo(needed, root) {
  const go = [which("go"), ...USUAL].find((path) => path !== undefined && existsSync(path));
  if (go === undefined) return { problem: "no `go` on the PATH" };
  const { stdout, error } = spawnSync(go, ["env", "GOVERSION", "GOTOOLCHAIN"], {
    cwd: root,
    encoding: "utf8",
  });
  const [first = "", toolchain = ""] = (stdout ?? "").split("\n");
  const version = /^go(\d+(?:\.\d+)*)/.exec(first)?.[1];
  if (version === undefined) return { problem: `${go} does not run${error ? `: ${error.message}` : ""}` };
  if (atLeast(version, needed)) return { go };
  if (!atLeast(version, "1.21"))
    return { problem: `${go} is ${version}, too old to fetch ${needed} by itself` };
  if (/^(local|path|go[\d.]+)$/.test(toolchain)) {
    return { problem: `${go} is ${version}, and GOTOOLCHAIN=${toolchain} forbids it to fetch ${needed}` };
  }
  return { go };
}

/**
 * @param {string} version
 * @param {string} needed
 */
function atLeast(version, needed) {
  const have = version.split(".").map(Number);
  for (const [index, part] of needed.split(".").map(Number).entries()) {
    const mine = have[index] ?? 0;
    if (mine !== part) return mine > part;
  }
  return true;
}

/** @param {string} name */
function which(name) {
  return (process.env.PATH ?? "")
    .split(":")
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
