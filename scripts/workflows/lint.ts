import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";

const ROOT = join(import.meta.dirname, "..", "..");
const INSTALL = join(ROOT, "scripts", "toolchain", "programs", "main.mjs");

/** Each reads the repository alone: no network, no token. */
const LINTERS = [
  { name: "actionlint", args: [] },
  {
    name: "zizmor",
    args: [
      "--offline",
      "--persona=pedantic",
      "--no-progress",
      "--quiet",
      "--config=.github/zizmor.yml",
      ".github",
    ],
  },
] as const;

/*
 * Checks the workflow files with actionlint (and by it their shell scripts with shellcheck, where that is installed) and
 * zizmor. `--where-possible`: a linter that can't be had on this machine is named, and not counted as a failure.
 */
const { values } = parseArgs({ options: { "where-possible": { type: "boolean", default: false } } });
let failed = false;
for (const { name, args } of LINTERS) {
  const install = await execa(process.execPath, [INSTALL, name], { stderr: "inherit", reject: false });
  if (install.exitCode !== 0) {
    if (values["where-possible"]) console.error(`${name}: NOT RUN on this machine, for the reason above`);
    else failed = true;
    continue;
  }
  const { exitCode } = await execa(install.stdout.trim(), args, {
    cwd: ROOT,
    stdio: "inherit",
    reject: false,
  });
  console.error(`${name}: ${exitCode === 0 ? "nothing to complain about" : `failed with ${exitCode}`}`);
  failed ||= exitCode !== 0;
}
const hasShellcheck = (process.env.PATH ?? "")
  .split(delimiter)
  .some((dir) => existsSync(join(dir, "shellcheck")));
if (!hasShellcheck)
  console.error("shellcheck: not installed, so the scripts inside the workflows were not checked");
process.exitCode = failed ? 1 : 0;
