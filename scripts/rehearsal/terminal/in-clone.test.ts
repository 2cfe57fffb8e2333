import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestCloud, TOKENS } from "../clouds/hetzner/test-cloud.ts";
import { makeCheckout, publish } from "../stage/checkout.ts";
import { type Clone, IN_CLONE } from "./in-clone.ts";
import { complaintAbout, fillIn } from "./line.ts";
import { openShell, typeUntil } from "./shell.ts";

// The lines are one story: each finds what those before it have left.

const ROOT = join(import.meta.dirname, "..", "..", "..");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "quayside-clone-")));
let clone: Clone;
let env: Record<string, string>;
let stop = async () => {};

beforeAll(async () => {
  const remote = join(folder, "remote.git");
  await execa("git", ["init", "--quiet", "--bare", "--initial-branch", "main", remote]);
  const checkout = await makeCheckout(ROOT, join(folder, "clone"));
  await publish(checkout, remote);
  const { dir } = checkout;
  // What the first command of all would install.
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  const home = join(folder, "home");
  await execa("mkdir", [home]);
  writeFileSync(
    join(home, ".gitconfig"),
    "[user]\n  name = Robin Harbour\n  email = robin@quayside.example\n",
  );
  env = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    PULUMI_HOME: process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    WRANGLER_SEND_METRICS: "false",
    NO_UPDATE_NOTIFIER: "1",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_EDITOR: "true",
    NO_COLOR: "1",
  };
  const hetzner = await startTestCloud();
  const shell = openShell(dir, env);
  stop = async () => {
    await shell.close();
    await hetzner.stop();
  };
  clone = { dir, shell, remote, hetzner: { url: `${hetzner.cloud.url}/v1`, token: TOKENS.read } };
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("in a clone, as the documentation has it", () => {
  for (const line of IN_CLONE)
    it(line.line, async () => {
      const typed = fillIn(line, await line.before?.(clone));
      const answer = line.endless
        ? await typeUntil(clone.dir, env, typed, line.says)
        : await clone.shell.type(typed);
      expect(complaintAbout(line, answer), `${typed}\n${answer.said}`).toBeUndefined();
      // Some of them start an engine, workerd or vitest, which takes its time on a busy machine.
    }, 60_000);
});
