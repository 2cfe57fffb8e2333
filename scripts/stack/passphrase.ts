import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runEngine } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import type { StackTarget } from "./target.ts";

/** The same stack, opened with another passphrase. */
export function withPassphrase(target: StackTarget, passphrase: string): StackTarget {
  return { ...target, engineEnv: { ...target.engineEnv, PULUMI_CONFIG_PASSPHRASE: passphrase } };
}

/**
 * All resources of a stack's state with their secrets in clear, as one text that is the same as long as they are. It is for
 * comparing: it goes into no log and no file.
 *
 * @throws UserError `passphrase-wrong` where the target's passphrase does not open it
 */
export async function readInClear(target: StackTarget): Promise<string> {
  try {
    const { stdout } = await runEngine(target, ["stack", "export", "--show-secrets", "--stack", target.name]);
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: unknown } };
    return JSON.stringify(deployment.resources ?? []);
  } catch (error) {
    throw engineFailure("open", target.name, [], error);
  }
}

/**
 * Encrypts a stack's state anew: what the target's passphrase opens now, only the new one opens afterwards. Where the
 * checkout's settings of the stack have a salt, they get the new one with everything in them that is encrypted.
 *
 * @returns whether the settings were written
 * @throws StateLocked where an update is under way; what else {@link engineFailure} makes of the engine's refusal
 */
export async function changePassphrase(target: StackTarget, passphrase: string): Promise<boolean> {
  const settings = `Pulumi.${target.name}.yaml`;
  try {
    const { folder } = await runEngine(
      // The engine asks for the new one at a terminal alone, unless this says that there is one. It asks twice.
      { ...target, engineEnv: { ...target.engineEnv, PULUMI_TEST_PASSPHRASE: "true" } },
      ["stack", "change-secrets-provider", "passphrase", "--stack", target.name],
      `${passphrase}\n${passphrase}\n`,
    );
    const file = join(target.infraDir, settings);
    if (!/^encryptionsalt:/m.test(readFileSync(file, "utf8"))) return false;
    writeFileSync(file, readFileSync(join(folder, settings)));
    return true;
  } catch (error) {
    throw engineFailure("open", target.name, [], error);
  }
}
