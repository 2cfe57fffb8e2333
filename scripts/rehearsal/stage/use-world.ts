import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Replaces the template's example account and release key in the stacks' settings by the world's, as a new owner would do it.
 *
 * @param world.signingKey the private one, in PEM; the settings have the public one
 */
export function useWorld(
  checkout: string,
  stacks: readonly string[],
  world: { accountId: string; signingKey: string },
): void {
  const releaseKey = createPublicKey(world.signingKey)
    .export({ type: "spki", format: "der" })
    .toString("base64");
  for (const stack of stacks) {
    const file = join(checkout, "infra", `Pulumi.${stack}.yaml`);
    const settings = readFileSync(file, "utf8")
      .replace(/accountId: .*/, `accountId: ${world.accountId}`)
      .replace(/releaseKey: .*/, `releaseKey: ${releaseKey}`);
    writeFileSync(file, settings);
  }
}
