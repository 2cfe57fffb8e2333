import { mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeRepository, NODE_PACKAGE, until } from "./testing/repository.ts";

const quick = (...args: string[]) => ["--without-engine", ...args];

describe("the command", () => {
  test("gets its arguments as they are, in the repository's folder, and its exit code comes through", async () => {
    const { run, write, root } = makeRepository();
    write(
      "scripts/echo.ts",
      "const words: string[] = process.argv.slice(2);\nconsole.log(JSON.stringify([process.cwd(), ...words]));\nprocess.exitCode = 7;\n",
    );
    const { code, stdout } = await run(quick("scripts/echo.ts", "--json", "two words", "$HOME")).done;
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toEqual([
      expect.stringMatching(new RegExp(`${root}$`)),
      "--json",
      "two words",
      "$HOME",
    ]);
  });

  test("may be a tool of node_modules/.bin", async () => {
    const { run, write } = makeRepository();
    write("node_modules/.bin/tool", '#!/bin/sh\necho "tool $1"\n', 0o755);
    expect(await run(quick("tool", "check")).done).toMatchObject({
      code: 0,
      stdout: "tool check\n",
      stderr: "",
    });
  });

  test("finds Node 24, the tools and the engine first on its PATH, and a compile cache in node_modules", async () => {
    const { run, write, path } = makeRepository();
    write(
      "scripts/env.mjs",
      "console.log(JSON.stringify([process.version, process.env.PATH, process.env.NODE_COMPILE_CACHE]));",
    );
    const { stdout } = await run(quick("scripts/env.mjs")).done;
    const [version, searched, cache] = JSON.parse(stdout);
    expect(version).toMatch(/^v2[4-9]\./);
    expect(searched.split(":").slice(1, 2)).toEqual([path("node_modules/.bin")]);
    expect(cache).toBe(path("node_modules/.cache/quayside/compiled"));
  });

  test("keeps nothing that it compiled on a runner that is thrown away, unless told where", async () => {
    const { run, write } = makeRepository();
    write(
      "scripts/env.mjs",
      "console.log(JSON.stringify([process.env.NODE_DISABLE_COMPILE_CACHE, process.env.NODE_COMPILE_CACHE]));",
    );
    const hosted = { RUNNER_ENVIRONMENT: "github-hosted" };
    const alone = await run(quick("scripts/env.mjs"), hosted).done;
    expect(JSON.parse(alone.stdout)).toEqual(["1", null]);
    const told = await run(quick("scripts/env.mjs"), { ...hosted, NODE_COMPILE_CACHE: "/tmp/kept" }).done;
    expect(JSON.parse(told.stdout)).toEqual([null, "/tmp/kept"]);
  });

  test.each(["SIGTERM", "SIGHUP"] as const)("is told of %s, and ends as it likes", async (signal) => {
    const { run, write } = makeRepository();
    write(
      "scripts/wait.mjs",
      `process.on("${signal}", () => process.exit(42)); setInterval(() => {}, 1000); console.error("ready");`,
    );
    const waiting = run(quick("scripts/wait.mjs"));
    await until(() => waiting.said().includes("ready"));
    waiting.child.kill(signal);
    expect(await waiting.done).toMatchObject({ code: 42, signal: null });
  });

  test("that a signal ends, ends us by the same signal", async () => {
    const { run, write } = makeRepository();
    write("scripts/end.mjs", 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);');
    expect(await run(quick("scripts/end.mjs")).done).toMatchObject({ code: null, signal: "SIGTERM" });
  });

  test.each([
    [[], "no command"],
    [["--with-everything"], "unknown option --with-everything"],
    [quick("no-such-tool"), "no-such-tool can't be started"],
  ])("is refused with exit code 2 where it makes no sense: %j", async (args, message) => {
    const { code, stdout, stderr } = await makeRepository().run(args).done;
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`error: ${message}`);
  });

  test("runs by the Node from npm where that is installed and works", async () => {
    const { run, write, path } = makeRepository();
    const folder = `node_modules/${NODE_PACKAGE}/bin`;
    mkdirSync(path(folder), { recursive: true });
    symlinkSync(process.execPath, path(folder, "node"));
    write("scripts/which.mjs", "console.log(process.env.PATH.split(':')[0]);");
    expect((await run(quick("scripts/which.mjs")).done).stdout).toBe(`${path(folder)}\n`);
  });

  test("runs by the Node at hand where the one from npm does not work here", async () => {
    const { run, write } = makeRepository();
    write(`node_modules/${NODE_PACKAGE}/bin/node`, "not for this system", 0o755);
    write("scripts/which.mjs", "console.log(process.execPath);");
    expect((await run(quick("scripts/which.mjs")).done).stdout).toBe(`${process.execPath}\n`);
  });
});
