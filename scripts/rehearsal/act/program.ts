import { execa } from "execa";

/**
 * Makes act available, as scripts/toolchain/programs pins it, which takes a minute the first time.
 *
 * @throws Error with what was tried, and what to install
 */
export async function actProgram(root: string): Promise<string> {
  const install = ["scripts/toolchain/programs/main.mjs", "act"];
  const { stdout } = await execa(process.execPath, install, { cwd: root, stderr: ["inherit", "pipe"] });
  return stdout.trim();
}
