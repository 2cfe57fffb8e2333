import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const CLI = fileURLToPath(new URL("cli.ts", import.meta.url));

/** Runs the CLI as npm does, without anything of this process's environment that could matter. */
function run(...args: string[]) {
  const { PATH = "", HOME = "" } = process.env;
  return execa(process.execPath, ["--no-warnings", CLI, ...args], {
    env: { PATH, HOME, DIGEST_KEY: "digest-key-of-the-cli-test" },
    extendEnv: false,
    reject: false,
  });
}

test("Help is no failure, no command is one; both list every command on stderr", async () => {
  const [help, nothing] = await Promise.all([run("--help"), run()]);
  expect([help.exitCode, nothing.exitCode]).toEqual([0, 2]);
  expect([help.stdout, nothing.stdout]).toEqual(["", ""]);
  for (const command of ["preview", "deploy", "release", "rollback", "drift", "releases", "rehearse"])
    expect(help.stderr).toMatch(new RegExp(`^ {2}${command} +[A-Z]`, "m"));
});

test("A reader that goes away does not end a command, which may be in the middle of something", async () => {
  const child = spawn(process.execPath, ["--no-warnings", CLI, "--help"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("A command's help shows its options and examples", async () => {
  const { exitCode, stderr } = await run("rollback", "--help");
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(
    /Usage: npm run rollback -- <stack>[\s\S]*--dry-run +only show[\s\S]*--json[\s\S]*Examples:/,
  );
});

test("An unknown command exits 2 and names those that there are, whatever its name", async () => {
  for (const result of await Promise.all([run("destroy", "--json"), run("constructor", "--json")])) {
    expect(result.exitCode).toBe(2);
    expect(JSON.parse(result.stdout)).toMatchObject({
      outcome: "usage",
      message: expect.stringContaining("There is no command"),
      fix: expect.stringContaining("rollback"),
    });
    expect(result.stderr).toContain("Stopped (usage)");
    expect(result.stderr).toContain("More on usage: docs/playbook.md#outcomes-by-code");
  }
});

test("Wrong arguments exit 2, with one JSON document that says which", async () => {
  const results = await Promise.all(
    [
      ["deploy", "nowhere"],
      ["deploy", "dev", "prod"],
      ["deploy", "dev", "--force"],
      ["deploy", "dev", "--verify-limit", "soon"],
      ["release", "v1.0.0", "--verify-limit", "-1"],
      ["rollback", "dev", "--scope", "everything"],
      ["releases"],
    ].map((args) => run(...args, "--json")),
  );
  expect(results.map(({ exitCode, stdout }) => [exitCode, JSON.parse(stdout).outcome])).toEqual([
    [2, "stack-unknown"],
    [2, "usage"],
    [2, "usage"],
    [2, "usage"],
    [2, "usage"],
    [2, "usage"],
    [2, "stack-unknown"],
  ]);
  expect(JSON.parse(results[1]?.stdout ?? "").message).toBe("Nobody asked for prod.");
});

test("Missing credentials exit 2 and are named, all at once", async () => {
  const { exitCode, stdout, stderr } = await run("deploy", "dev", "--json");
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: "secret-missing",
    fix: expect.stringMatching(/^Set HCLOUD_TOKEN/),
  });
  expect(stderr).toContain("HCLOUD_TOKEN, CLOUDFLARE_API_TOKEN, PULUMI_CONFIG_PASSPHRASE for deploy of dev");
});
