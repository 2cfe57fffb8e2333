import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Of what was checked, with the packages that it was checked against: it goes when they do. */
const MEMORY = join("node_modules", ".cache", "types");

/**
 * Type-checks every part that has a tsconfig.json of its own, at once: a Worker has other globals than Node.
 *
 * @param {string} project
 * @returns {Promise<boolean>}
 */
function check(project) {
  return new Promise((resolve) => {
    const args = [
      ...["-p", project, "--pretty", String(process.stdout.isTTY === true)],
      // What has not changed since the last check is not checked again: that takes a fifth of the time.
      ...[
        "--incremental",
        "--tsBuildInfoFile",
        join(MEMORY, `${project.replaceAll(/\W/g, "-")}.tsbuildinfo`),
      ],
    ];
    const child = spawn("tsc", args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

/** @param {string} folder */
const within = (folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);
const workers = [".", ...within("projects")].flatMap((project) => within(join(project, "workers")));
const projects = [".", "scripts/toolchain", ...workers].filter((folder) =>
  existsSync(join(folder, "tsconfig.json")),
);
const results = await Promise.all(projects.map(check));
const failed = projects.filter((_, index) => !results[index]);
if (failed.length > 0) {
  console.error(`types: errors in ${failed.join(", ")}`);
  process.exitCode = 1;
}
