import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./commands.ts";
import { appBase } from "./image.ts";
import { digestOf, type Registry } from "./registry.ts";

const SOURCE = join(import.meta.dirname, "app");
const TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** What the releases of the rehearsed app differ in. */
export const VERSIONS = {
  first: { text: "1" },
  second: { text: "2" },
  third: { text: "3" },
  /** Starts, and says that it is not healthy. */
  sick: { text: "4 sick" },
  /** Has a migration that fails half-way. */
  unmigratable: {
    text: "5",
    migration: `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("berths", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE TABLE half_way (id integer)"),
        migrations.RunSQL("SELECT * FROM a_table_that_nobody_made"),
    ]
`,
  },
} as const;
export type Version = keyof typeof VERSIONS;

/** Builds every version of the app as a container image without Docker, into the registry; their digests. */
export async function buildAppImages(
  registry: Registry,
  note: (text: string) => void,
): Promise<Record<Version, string>> {
  const base = await baseLayer(note);
  registry.addFile(TYPES.layer, base.file, base.digest);
  const digests: Partial<Record<Version, string>> = {};
  for (const [name, { text, ...more }] of Object.entries(VERSIONS)) {
    const layer = await appLayer(text, "migration" in more ? more.migration : undefined);
    registry.add(TYPES.layer, layer.data);
    const config = {
      architecture: "amd64",
      os: "linux",
      config: {
        Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"],
        WorkingDir: "/app",
        Cmd: [
          "gunicorn",
          "--bind",
          "0.0.0.0:8000",
          "--workers",
          "2",
          "--worker-tmp-dir",
          "/tmp",
          "project.wsgi",
        ],
      },
      rootfs: { type: "layers", diff_ids: [base.digest, layer.digest] },
    };
    const configText = Buffer.from(JSON.stringify(config));
    const manifest = {
      schemaVersion: 2,
      mediaType: TYPES.manifest,
      config: {
        mediaType: TYPES.config,
        digest: registry.add(TYPES.config, configText),
        size: configText.length,
      },
      layers: [
        { mediaType: TYPES.layer, digest: base.digest, size: base.size },
        { mediaType: TYPES.layer, digest: layer.digest, size: layer.data.length },
      ],
    };
    digests[name as Version] = registry.add(TYPES.manifest, Buffer.from(JSON.stringify(manifest)));
  }
  return digests as Record<Version, string>;
}

/** The app's base as one layer, made once beside its folder in the cache. */
async function baseLayer(
  note: (text: string) => void,
): Promise<{ file: string; digest: string; size: number }> {
  const root = await appBase(note);
  const file = `${root}.tar`;
  if (!existsSync(file)) {
    await run(
      "tar",
      "--create",
      "--file",
      `${file}.new`,
      "--directory",
      root,
      "--exclude=./dev/*",
      "--exclude=./var/cache/apt/*",
      "--exclude=./var/lib/apt/*",
      ".",
    );
    renameSync(`${file}.new`, file);
  }
  const data = readFileSync(file);
  return { file, digest: digestOf(file), size: data.length };
}

async function appLayer(version: string, migration: string | undefined) {
  const scratch = mkdtempSync(join(tmpdir(), "quayside-layer-"));
  try {
    const app = join(scratch, "app");
    cpSync(SOURCE, app, { recursive: true });
    writeFileSync(join(app, "VERSION"), `${version}\n`);
    if (migration) writeFileSync(join(app, "berths/migrations/0002_half_way.py"), migration);
    mkdirSync(join(app, "static"));
    cpSync(join(app, "berths/static"), join(app, "static"), { recursive: true });
    const file = join(scratch, "layer.tar");
    await run(
      "tar",
      "--create",
      "--file",
      file,
      "--directory",
      scratch,
      "--sort=name",
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "app",
    );
    return { data: readFileSync(file), digest: digestOf(file) };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
