import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PackageName, packageSchema } from "./schema.ts";

const PACKAGES: PackageName[] = ["hcloud", "cloudflare", "tls"];

/**
 * Puts the stand-ins where the engine looks for installed plugins, `<pulumiHome>/plugins/resource-NAME-vVERSION`, under
 * the versions that package.json pins: the engine then starts them like the real ones, one process for each stack and
 * provider with that stack's own environment (HCLOUD_TOKEN, HCLOUD_ENDPOINT, CLOUDFLARE_API_TOKEN, CLOUDFLARE_BASE_URL).
 *
 * Give it a PULUMI_HOME of the rehearsal's own: in a person's home it would hide the real plugins. May be called again,
 * also by several processes at once.
 */
export function writePluginLaunchers(
  pulumiHome: string,
): { name: PackageName; version: string; dir: string }[] {
  return PACKAGES.map((name) => {
    const { version } = packageSchema(name);
    const dir = join(pulumiHome, "plugins", `resource-${name}-v${version}`);
    mkdirSync(dir, { recursive: true });
    const launcher = join(dir, `pulumi-resource-${name}`);
    const plugin = join(import.meta.dirname, "plugin.ts");
    const draft = `${launcher}.${process.pid}`;
    writeFileSync(draft, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(plugin)} ${name}\n`);
    chmodSync(draft, 0o755);
    renameSync(draft, launcher);
    return { name, version, dir };
  });
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
