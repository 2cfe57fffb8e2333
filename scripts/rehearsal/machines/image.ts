import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./commands.ts";

/** A file system made of Debian's packages, kept in the cache under a name that has its recipe in it. */
interface Recipe {
  name: string;
  variant: "minbase" | "essential";
  packages: string[];
}

/** Debian 12 as Hetzner's image of that name has it, and what a server installs at its birth: the rehearsal has no mirror. */
const SERVER: Recipe = {
  name: "server",
  variant: "minbase",
  packages: [
    ...[
      "systemd",
      "systemd-sysv",
      "dbus",
      "udev",
      "cloud-init",
      "locales",
      "iproute2",
      "procps",
      "ca-certificates",
    ],
    ...["docker.io", "iptables", "logrotate", "nftables", "nginx-light", "openssl", "python3", "e2fsprogs"],
    ...["restic", "systemd-timesyncd", "unattended-upgrades"],
  ],
};

/** What the app's image stands on. */
const APP: Recipe = {
  name: "app",
  variant: "essential",
  packages: [
    ...["python3-django", "gunicorn", "python3-psycopg2", "python3-whitenoise", "python-is-python3"],
    "ca-certificates",
  ],
};

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "quayside", "machines");

/** The root folder of a server's image; built when the cache has none. */
export function serverImage(note: (text: string) => void): Promise<string> {
  return built(SERVER, note);
}

/** The root folder of the app's base image. */
export function appBase(note: (text: string) => void): Promise<string> {
  return built(APP, note);
}

async function built(recipe: Recipe, note: (text: string) => void): Promise<string> {
  const key = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
  const dir = join(CACHE, `${recipe.name}-${key}`);
  if (existsSync(dir)) return dir;
  mkdirSync(CACHE, { recursive: true });
  // An older recipe's, or what a build that was killed has left.
  for (const name of readdirSync(CACHE))
    if (name.startsWith(`${recipe.name}-`)) rmSync(join(CACHE, name), { recursive: true, force: true });
  const draft = `${dir}.building`;
  note(`${recipe.name} image from Debian's packages (once)`);
  const lean = ["man", "doc", "locale"].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`);
  await run(
    "mmdebstrap",
    `--variant=${recipe.variant}`,
    ...lean,
    `--include=${recipe.packages.join(",")}`,
    "bookworm",
    draft,
  );
  // No mirror is to be asked: apt has nothing to fetch, and finds all packages in place.
  if (recipe.name === "server") writeFileSync(join(draft, "etc/apt/sources.list"), "");
  renameSync(draft, dir);
  return dir;
}
