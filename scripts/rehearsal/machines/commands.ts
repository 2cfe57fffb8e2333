import { execa } from "execa";

/** Runs a program of the host; its output. Fails with what it said. */
export async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(program, args, { stdin: "ignore" });
  return stdout;
}

/** The same for what may be gone already. */
export async function attempt(program: string, ...args: string[]): Promise<boolean> {
  const { failed } = await execa(program, args, { stdin: "ignore", reject: false });
  return !failed;
}
