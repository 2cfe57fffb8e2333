import { execa } from "execa";
import type { Notebook } from "../../stage/evidence.ts";
import type { JobOutcome } from "../../stage/runner.ts";
import type { Stage } from "../../stage/stage.ts";
import { worldEnvironment } from "../../stage/world-environment.ts";
import { keepJob } from "../scene.ts";

/** One command of `npm run intake` at an operator's terminal, who has opened the stack's environment for it. */
export async function operate(
  stage: Stage,
  notes: Notebook,
  args: readonly string[],
  exitCode = 0,
): Promise<JobOutcome> {
  const started = performance.now();
  const ended = await execa(
    process.execPath,
    ["--no-warnings", "scripts/cli.ts", "intake", "dev", ...args, "--json"],
    {
      cwd: stage.checkout.dir,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      all: true,
      env: {
        PATH: process.env.PATH ?? "",
        ...worldEnvironment(stage.clouds),
        INTAKE_OPERATOR_KEY: stage.canaries.INTAKE_OPERATOR_KEY ?? "",
      },
    },
  );
  return keepJob(
    notes,
    {
      name: `Intake: ${args[0]}`,
      command: `npm run intake -- dev ${args.join(" ")}`,
      exitCode: ended.exitCode ?? 1,
      seconds: (performance.now() - started) / 1000,
      log: ended.all ?? "",
      result: JSON.parse(ended.stdout || "null") as unknown,
      summary: "",
    },
    exitCode,
  );
}
