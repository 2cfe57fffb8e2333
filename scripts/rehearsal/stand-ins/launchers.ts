import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { linkFolder } from "../stage/engine-home.ts";
import { PACKAGES, type PackageName, packageSchema } from "./schema.ts";

/** One launcher: the folder that the engine looks into, and the file that it starts. */
export interface Launcher {
  name: PackageName;
  version: string;
  path: string;
}

/**
 * Puts the stand-ins where the engine looks for installed plugins, `<pulumiHome>/plugins/resource-NAME-vVERSION`, under
 * the versions that package.json pins. The engine then starts them like the real ones: for each stack on its own, with
 * that stack's environment (HCLOUD_TOKEN, HCLOUD_ENDPOINT, CLOUDFLARE_API_TOKEN, CLOUDFLARE_BASE_URL).
 *
 * With `host`, the port of a plugin host (host.ts), a launcher only asks that for a provider, which costs a few
 * milliseconds; without one, or where it does not answer, each provider is a Node process of its own.
 *
 * Give it a PULUMI_HOME of the rehearsal's own: in a person's home it would hide the real plugins. The engines of
 * `engineHome` (the PULUMI_HOME of this process) are linked in. May be called again, also by several processes at once.
 */
export function writePluginLaunchers(
  pulumiHome: string,
  options: { host?: number; engineHome?: string } = {},
): Launcher[] {
  const engineHome = options.engineHome ?? process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  mkdirSync(pulumiHome, { recursive: true });
  linkFolder("versions", engineHome, pulumiHome);
  return PACKAGES.map((name) => {
    const { version, config } = packageSchema(name);
    const dir = join(pulumiHome, "plugins", `resource-${name}-v${version}`);
    mkdirSync(dir, { recursive: true });
    const path = join(dir, `pulumi-resource-${name}`);
    // A name of its own first: an engine may start the launcher at any moment.
    const draft = `${path}.${process.pid}`;
    writeFileSync(
      draft,
      script(
        name,
        Object.values(config).flatMap(({ env }) => env),
        options.host,
      ),
    );
    chmodSync(draft, 0o755);
    renameSync(draft, path);
    return { name, version, path };
  });
}

function script(name: PackageName, env: string[], host: number | undefined): string {
  const alone = `exec ${quoted(process.execPath)} ${quoted(join(import.meta.dirname, "plugin.ts"))} ${name}`;
  if (host === undefined) return `#!/bin/sh\n${alone}\n`;
  const settings = env.map((variable) => `  printf '%s=%s\\n' ${variable} "$${variable}"`).join("\n");
  // Bash, for its /dev/tcp. The engine ends the launcher by a signal; the last read ends when the host does, or sees that the engine is gone.
  return `#!/usr/bin/env bash
if { exec 3<>/dev/tcp/127.0.0.1/${host}; } 2>/dev/null; then
{
  echo ${name} $PPID
${settings || "  :"}
  echo
} >&3
  if read -r port <&3; then
    echo "$port"
    read -r _ <&3
    exit 0
  fi
fi
${alone}
`;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
