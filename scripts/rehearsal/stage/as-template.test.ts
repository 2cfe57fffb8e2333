import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { EXAMPLE, SETTINGS } from "../../template.ts";
import { asTemplate } from "./as-template.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "as-template-"));
  for (const folder of [".github", "infra", "sites", "workers"])
    cpSync(join(ROOT, folder), join(dir, folder), {
      recursive: true,
      filter: (path) => !/node_modules|\.wrangler/.test(path),
    });
  asTemplate(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const read = (file: string) => readFileSync(join(dir, file), "utf8");
const files = () =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
const contents = () => Object.fromEntries(files().map((file) => [file, read(file)]));

test("What has the template's names and settings stays as it is, to the last space", () => {
  const before = contents();
  asTemplate(dir);
  expect(contents()).toEqual(before);
});

test("A team's names and settings give way to the template's, and what only the team has stays", () => {
  const before = contents();
  for (const file of EXAMPLE.files)
    writeFileSync(join(dir, file), read(file).replaceAll(EXAMPLE.domain, "quay.io"));
  for (const stack of ["dev", "prod"]) {
    const file = `infra/Pulumi.${stack}.yaml`;
    const team = read(file)
      .replace("quayside:domain: example.com", "quayside:domain: quay.io")
      .replace("location: hil", "location: ash")
      .replace(/quayside:adminRanges:\n.*\n/, "quayside:adminRanges: []\n")
      .replace(/secondServer: .*/, "secondServer: true");
    const own = "  quayside:berths: 12\n  quayside:mail: { spf: none }\n  quayside:key: { secure: v1:abc }\n";
    writeFileSync(join(dir, file), `encryptionsalt: v1:xyz\n${team.trimEnd()}\n${own}`);
  }
  writeFileSync(
    join(dir, "sites", "www", "about.html"),
    "Mail hello@quay.io or see www.quay.io; not my-quay.io",
  );
  const rollback = ".github/workflows/rollback.yml";
  writeFileSync(
    join(dir, rollback),
    read(rollback).replace("options: [dev, prod]", "options: [dev, prod, team1]"),
  );
  expect(read(rollback)).not.toBe(before[rollback]);
  asTemplate(dir);

  expect(read(rollback)).toBe(before[rollback]);
  expect(read("sites/www/about.html")).toBe("Mail hello@example.com or see www.example.com; not my-quay.io");
  for (const file of EXAMPLE.files) expect(read(file), file).toBe(before[file]);
  for (const stack of ["dev", "prod"] as const) {
    const { config, ...rest } = parse(read(`infra/Pulumi.${stack}.yaml`));
    expect(rest).toEqual({});
    const wanted = Object.entries(SETTINGS[stack]).map(([key, value]) => [
      key.includes(":") ? key : `quayside:${key}`,
      value,
    ]);
    expect(config).toEqual({ ...Object.fromEntries(wanted), "quayside:berths": 12 });
  }
});
