import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConfigMap,
  fullyQualifiedStackName,
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { version } from "@pulumi/pulumi/version.js";

/** A folder of its own for one test, with a state backend in it. */
export interface Bench {
  dir: string;
  /** Opens a stack on the real engine. What a program exports is the stack's outputs. */
  stack(name: string, program: PulumiFn, env: { [key: string]: string }, config?: ConfigMap): Promise<Stack>;
  remove(): void;
}

const command = PulumiCommand.get({ root: join(homedir(), ".pulumi", "versions", version) });

/** Makes a {@link Bench} in the system's folder for temporary files. */
export function makeBench(): Bench {
  const dir = mkdtempSync(join(tmpdir(), "stand-ins-"));
  mkdirSync(join(dir, "state"));
  return {
    dir,
    async stack(name, program, env, config = {}) {
      const stack = await LocalWorkspace.createOrSelectStack(
        {
          stackName: fullyQualifiedStackName("organization", "quayside", name),
          projectName: "quayside",
          program,
        },
        {
          pulumiCommand: await command,
          projectSettings: {
            name: "quayside",
            runtime: "nodejs",
            backend: { url: `file://${join(dir, "state")}` },
          },
          envVars: {
            PULUMI_CONFIG_PASSPHRASE: "a passphrase for tests",
            PULUMI_SKIP_UPDATE_CHECK: "true",
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
