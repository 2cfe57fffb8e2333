import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { attempt, run } from "./commands.ts";
import { endLeftovers } from "./leftovers.ts";

const root = mkdtempSync(join(tmpdir(), "mounting-"));
const mayMount =
  !execaSync("mount", ["-t", "tmpfs", "tmpfs", root], { reject: false }).failed &&
  !execaSync("umount", [root], { reject: false }).failed;
rmSync(root, { recursive: true });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "left over-"));
});
afterEach(async () => {
  await attempt("umount", join(dir, "world", "root"));
  rmSync(dir, { recursive: true });
});

it("leaves a folder alone that no machine was in", async () => {
  await endLeftovers(dir);
});

it.skipIf(!mayMount)("lets go of the disk of a machine whose rehearsal was killed", async () => {
  const disk = join(dir, "world", "root");
  mkdirSync(disk, { recursive: true });
  await run("mount", "-t", "tmpfs", "tmpfs", disk);
  expect(() => rmSync(dir, { recursive: true })).toThrow(/busy/);
  await endLeftovers(dir);
  rmSync(dir, { recursive: true });
  mkdirSync(dir);
});
