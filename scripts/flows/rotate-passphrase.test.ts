import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import * as pulumi from "@pulumi/pulumi";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Context } from "../context.ts";
import { readBackup } from "../recovery/backup.ts";
import { updateRegistry } from "../recovery/registry.ts";
import { applyStack } from "../stack/apply.ts";
import { engineVersion } from "../stack/engine.ts";
import { readInClear, withPassphrase } from "../stack/passphrase.ts";
import { previewStack } from "../stack/preview.ts";
import type { StackTarget } from "../stack/target.ts";
import { OUTPUTS } from "../stack/testing/outputs.ts";
import { createReporter } from "../terminal/reporter.ts";
import { type PassphraseKeeper, rotatePassphrase } from "./rotate-passphrase.ts";

// The real engine, with a program that needs no provider.

// Each test runs some ten engines.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const OLD = "the-old-passphrase";
const NEW = "the-new-passphrase";
const SECRET = "a-secret-of-this-test";
/** A stack that is up, for each test to begin with a copy of it. */
const deployed = mkdtempSync(join(tmpdir(), "passphrase-"));
let world: string;
let target: StackTarget;
let said: string;

beforeAll(async () => {
  for (const folder of ["infra", "state"]) mkdirSync(join(deployed, folder));
  writeFileSync(join(deployed, "infra", "Pulumi.yaml"), "name: quayside\nruntime: nodejs\n");
  writeFileSync(join(deployed, "infra", "Pulumi.dev.yaml"), "config: {}\n");
  await applyStack(targetIn(deployed));
});
afterAll(() => rmSync(deployed, { recursive: true, force: true }));
beforeEach(() => {
  world = mkdtempSync(join(tmpdir(), "passphrase-"));
  cpSync(deployed, world, { recursive: true });
  target = targetIn(world);
  said = "";
});
afterEach(() => rmSync(world, { recursive: true, force: true }));

function targetIn(folder: string): StackTarget {
  return {
    name: "dev",
    project: "quayside",
    infraDir: join(folder, "infra"),
    engineEnv: {
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: OLD,
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
    program: async () => {
      new pulumi.ComponentResource("quayside:test:Group", "a", { key: pulumi.secret(SECRET) });
      return { ...OUTPUTS, hidden: pulumi.secret(SECRET) };
    },
  };
}

/** Places that remember, of which one call can fail as if the machine had died in it. */
function keeperOf(dies?: "keepNext" | "adoptNext" | "forgetNext") {
  const kept = { current: OLD, next: undefined as string | undefined };
  const call = (name: typeof dies, change: () => void) => async () => {
    if (name === dies) {
      dies = undefined;
      throw new Error("the machine died");
    }
    change();
  };
  return {
    kept,
    open: (): PassphraseKeeper => ({
      ...kept,
      keepNext: (value) => call("keepNext", () => Object.assign(kept, { next: value }))(),
      adoptNext: (value) => call("adoptNext", () => Object.assign(kept, { current: value }))(),
      forgetNext: call("forgetNext", () => Object.assign(kept, { next: undefined })),
    }),
  };
}

function rotate(keeper: PassphraseKeeper, fresh = NEW) {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said += chunk.toString();
      done();
    },
  });
  const context: Context = {
    root: world,
    env: {},
    reporter: createReporter({ stream, github: false }),
    json: true,
    now: () => new Date(),
    signal: new AbortController().signal,
  };
  const updates = updateRegistry({ github: undefined, event: undefined, folder: join(world, "updates") });
  return rotatePassphrase(context, { target, updates, keeper, fresh });
}

const inClear = (passphrase: string) => readInClear(withPassphrase(target, passphrase));
const refused = { code: "passphrase-wrong" };

describe("a new passphrase", () => {
  it("opens the state with all its secrets, the old one does not, and a backup of before is there", async () => {
    const before = await inClear(OLD);
    expect(before).toContain(SECRET);
    const keeper = keeperOf();
    expect(await rotate(keeper.open())).toEqual({ resumed: false, settingsWritten: false });
    expect(keeper.kept).toEqual({ current: NEW, next: undefined });
    expect(await inClear(NEW)).toBe(before);
    await expect(inClear(OLD)).rejects.toMatchObject(refused);
    const { change } = await previewStack(withPassphrase(target, NEW), { digestKey: "k" });
    expect(change.steps).toEqual([]);

    const folder = join(world, ".state-backups", "dev");
    const [file = "", ...more] = readdirSync(folder);
    expect(more).toEqual([]);
    expect(readBackup(join(folder, file), OLD).checkpoint.deployment.resources.length).toBeGreaterThan(1);
    expect(readFileSync(join(world, "infra", "Pulumi.dev.yaml"), "utf8")).toBe("config: {}\n");
    expect(said).not.toContain(SECRET);
  });

  it.each(["adoptNext", "forgetNext"] as const)("goes on where it was cut off in %s", async (dies) => {
    const before = await inClear(OLD);
    const keeper = keeperOf(dies);
    await expect(rotate(keeper.open())).rejects.toThrow("the machine died");
    expect(keeper.kept.next).toBe(NEW);
    expect(await rotate(keeper.open(), "another")).toMatchObject({ resumed: true });
    expect(keeper.kept).toEqual({ current: NEW, next: undefined });
    expect(await inClear(NEW)).toBe(before);
  });

  it("goes on where it was cut off before the state was touched, with the passphrase of then", async () => {
    const keeper = keeperOf();
    keeper.kept.next = "of-then";
    expect(await rotate(keeper.open())).toMatchObject({ resumed: true });
    expect(keeper.kept).toEqual({ current: "of-then", next: undefined });
    expect(await inClear("of-then")).toContain(SECRET);
  });

  it("is kept nowhere where the known one does not open the state, or while somebody holds its lock", async () => {
    const wrong = keeperOf();
    wrong.kept.current = "of-another-stack";
    await expect(rotate(wrong.open())).rejects.toMatchObject(refused);
    expect(wrong.kept.next).toBeUndefined();

    const locks = join(world, "state", ".pulumi", "locks", "organization", "quayside", "dev");
    mkdirSync(locks, { recursive: true });
    const lock = { pid: 4242, username: "kim", hostname: "elsewhere", timestamp: new Date().toISOString() };
    writeFileSync(join(locks, "a.json"), JSON.stringify(lock));
    const keeper = keeperOf();
    await expect(rotate(keeper.open())).rejects.toMatchObject({ code: "state-locked" });
    expect(await inClear(OLD)).toContain(SECRET);
    expect(keeper.kept.current).toBe(OLD);
    expect(existsSync(join(locks, "a.json"))).toBe(true);

    rmSync(join(locks, "a.json"));
    await rotate(keeper.open());
    expect(await inClear(keeper.kept.current)).toContain(SECRET);
  });

  it("goes into the checkout's settings where those have a salt, with what is encrypted there", async () => {
    const pulumiOf = (passphrase: string, ...args: string[]) =>
      execa(
        join(
          process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"),
          "versions",
          engineVersion,
          "bin",
          "pulumi",
        ),
        [...args, "--stack", "dev", "--non-interactive"],
        {
          cwd: target.infraDir,
          env: { ...target.engineEnv, PULUMI_CONFIG_PASSPHRASE: passphrase },
        },
      );
    await pulumiOf(OLD, "config", "set", "--secret", "motto", SECRET);
    const settings = () => readFileSync(join(world, "infra", "Pulumi.dev.yaml"), "utf8");
    const before = settings();
    expect(before).toMatch(/^encryptionsalt:/m);
    const keeper = keeperOf();
    expect(await rotate(keeper.open())).toEqual({ resumed: false, settingsWritten: true });
    expect(settings()).toMatch(/^encryptionsalt:/m);
    expect(settings()).not.toBe(before);
    expect((await pulumiOf(NEW, "config", "get", "motto")).stdout).toBe(SECRET);
    expect(await inClear(NEW)).toContain(SECRET);
  });
});
