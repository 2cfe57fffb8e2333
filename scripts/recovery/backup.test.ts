import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Checkpoint } from "../stack/checkpoint.ts";
import { backupsOf, readBackup, writeBackup } from "./backup.ts";

const folder = mkdtempSync(join(tmpdir(), "backups-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const checkpoint = Checkpoint.parse({
  version: 3,
  deployment: {
    resources: [{ urn: "urn:pulumi:dev::q::t::n", type: "t", outputs: { ipAddress: "192.0.2.7" } }],
  },
});
const backup = (minute: number) => ({
  stack: "dev",
  takenAt: `2026-11-20T12:${String(minute).padStart(2, "0")}:00.000Z`,
  sha: "0123456789abcdef",
  checkpoint,
});

test("A backup comes back whole with its passphrase, and its file tells nothing of the state", () => {
  const file = writeBackup(folder, backup(0), "passphrase");
  expect(readBackup(file, "passphrase")).toEqual(backup(0));
  expect(readFileSync(file, "utf8")).not.toMatch(/192\.0\.2\.7|urn:pulumi/);
});

test("With another passphrase, after a change, or under another stack's name it is refused with what to do", () => {
  const file = writeBackup(folder, backup(1), "passphrase");
  expect(() => readBackup(file, "another")).toThrow(expect.objectContaining({ code: "backup-unreadable" }));
  writeFileSync(file, readFileSync(file, "utf8").replace('"stack":"dev"', '"stack":"prod"'));
  expect(() => readBackup(file, "passphrase")).toThrow(/was changed/);
  writeFileSync(file, "{}");
  expect(() => readBackup(file, "passphrase")).toThrow(/no backup/);
});

test("The newest twenty of a stack are kept", () => {
  const dir = join(folder, "many", "dev");
  mkdirSync(dir, { recursive: true });
  for (let minute = 10; minute < 34; minute++)
    writeFileSync(join(dir, `2026-11-20T11${minute}00.000Z-0123456.state.json`), "{}");
  writeBackup(join(folder, "many"), backup(0), "passphrase");
  const files = backupsOf(join(folder, "many"), "dev");
  expect(files).toHaveLength(20);
  expect(files[0]).toContain("T120000");
  expect(files.at(-1)).toContain("T111500");
});
