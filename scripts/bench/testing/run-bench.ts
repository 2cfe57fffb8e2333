import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

/** The command with these arguments, as a process. */
export async function runBench(...args: string[]) {
  const main = join(dirname(import.meta.dirname), "main.ts");
  const child = spawn(process.execPath, ["--no-warnings", main, ...args]);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { stdout, stderr, code };
}
