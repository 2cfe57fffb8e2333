/**
 * Programs of other languages that the project's checks and its rehearsal run, by their names. Each is pinned with all that it
 * is made of: a Go program by the go.mod and go.sum of its folder here, a Python package by the hashes of its requirements.txt.
 *
 * @typedef {{ kind: "go", version: string, package: string, module: string, ldflags: string, expected: string }} GoProgram
 * @typedef {{ kind: "python", version: string }} PythonProgram
 * @typedef {(GoProgram | PythonProgram) & { what: string, version: string, needs: string, versionArguments: string[] }} Program
 * @type {Record<string, Program>}
 */
export const PROGRAMS = {
  act: {
    kind: "go",
    what: "runs workflow files on this machine",
    version: "0.2.89",
    package: "github.com/nektos/act",
    module: "github.com/nektos/act",
    ldflags: "-s -w",
    expected: "about a minute on two cores, only this once",
    needs: "Go 1.21 or later (https://go.dev/dl/) with its module proxy reachable",
    versionArguments: ["--version"],
  },
  actionlint: {
    kind: "go",
    what: "checks workflow files",
    version: "1.7.12",
    package: "github.com/rhysd/actionlint/cmd/actionlint",
    module: "github.com/rhysd/actionlint",
    ldflags: "-s -w -X github.com/rhysd/actionlint.version=1.7.12",
    expected: "half a minute on two cores, only this once",
    needs: "Go 1.21 or later (https://go.dev/dl/) with its module proxy reachable",
    versionArguments: ["-version"],
  },
  zizmor: {
    kind: "python",
    what: "audits workflow files",
    version: "1.32.0",
    needs: "Python 3 with pip (Debian: python3-pip), and a package index that pip can reach",
    versionArguments: ["--version"],
  },
};
