import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";
import type { ConfigMap, PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { LocalWorkspace } from "@pulumi/pulumi/automation/localWorkspace.js";
import { fullyQualifiedStackName, type Stack } from "@pulumi/pulumi/automation/stack.js";
import { version } from "@pulumi/pulumi/version.js";

/** A folder of its own for one test, with a state backend in it. */
export interface Bench {
  dir: string;
  /** Opens a stack on the real engine. Runs tell their outputs only with `outputs`, and never a summary. */
  stack(name: string, program: PulumiFn, options: StackOptions): Promise<Stack>;
  remove(): void;
}
export interface StackOptions {
  env: { [key: string]: string };
  config?: ConfigMap;
  outputs?: boolean;
}

const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
const command = PulumiCommand.get({ root: join(home, "versions", version) });

/** Makes a {@link Bench} in the system's folder for temporary files. */
export function makeBench(): Bench {
  const dir = mkdtempSync(join(tmpdir(), "stand-ins-"));
  mkdirSync(join(dir, "state"));
  return {
    dir,
    async stack(name, program, { env, config = {}, outputs = false }) {
      const stackName = fullyQualifiedStackName("organization", "quayside", name);
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, projectName: "quayside", program },
        {
          pulumiCommand: quick(await command, outputs),
          projectSettings: {
            name: "quayside",
            runtime: "nodejs",
            backend: { url: `file://${join(dir, "state")}` },
          },
          envVars: {
            PULUMI_CONFIG_PASSPHRASE: "a passphrase for tests",
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            ...env,
          },
        },
      );
      if (Object.keys(config).length > 0) await stack.setAllConfig(config);
      return stack;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/**
 * The command without what the Automation API asks for after each update: the history and the outputs, three more
 * engine processes, each of which spends most of its time on the passphrase.
 */
function quick(real: PulumiCommand, outputs: boolean): PulumiCommand {
  const skipped = (args: string[]): boolean =>
    args[0] === "stack" && (args[1] === "history" || (args[1] === "output" && !outputs));
  return new Proxy(real, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (key !== "run" || typeof value !== "function") return value;
      return (args: string[], ...rest: unknown[]): unknown =>
        skipped(args)
          ? { stdout: args[1] === "history" ? "[]" : "{}", stderr: "", code: 0 }
          : value.call(target, args, ...rest);
    },
  });
}
