import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { type Package, type Registry, startRegistry } from "../testing/registry.ts";
import {
  isRunning,
  makeRepository,
  NODE_PACKAGE,
  olderNode,
  type Repository,
  until,
  VERSION,
} from "../testing/repository.ts";

const PLATFORM = { os: [process.platform], cpu: [process.arch] };

const PACKAGES: Record<string, Package> = {
  harbour: { version: "1.0.0" },
  mole: { version: "2.1.0" },
  [NODE_PACKAGE]: {
    version: "24.99.0",
    manifest: { ...PLATFORM, optional: true },
    programs: { "bin/node": `#!/bin/sh\nexec ${process.execPath} "$@"\n` },
  },
  // Native code as it is published: one optional package a platform, for current versions of Node.
  "pier-native": { version: "1.0.0", manifest: { ...PLATFORM, optional: true, engines: { node: ">=24" } } },
};

interface World extends Repository {
  registry: Registry;
  /** Runs `hello.mjs` through the toolchain with npm at hand. */
  hello: (env?: NodeJS.ProcessEnv, node?: string) => ReturnType<Repository["run"]>;
  /** The lock file and package.json then ask for these of the registry's packages. */
  wants: (...names: string[]) => void;
  env: NodeJS.ProcessEnv;
}

/** A fresh clone: no node_modules, a lock file with one package, and npm that is pointed at a local registry. */
async function freshClone(): Promise<World> {
  const repository = makeRepository();
  const registry = await startRegistry(PACKAGES);
  const { path, write } = repository;
  rmSync(path("node_modules"), { recursive: true });
  write("hello.mjs", 'console.log("hello");');
  write("user.npmrc", "");
  const wants: World["wants"] = (...names) => {
    const entries = names.map((name) => [`node_modules/${name}`, registry.locked(name)]);
    const versions = (optional: boolean) =>
      Object.fromEntries(
        names
          .filter((name) => Boolean(PACKAGES[name]?.manifest?.optional) === optional)
          .map((name) => [name, PACKAGES[name]?.version]),
      );
    const root = { name: "trial", dependencies: versions(false), optionalDependencies: versions(true) };
    write("package.json", JSON.stringify({ ...root, type: "module" }));
    write(
      "package-lock.json",
      JSON.stringify({
        name: "trial",
        lockfileVersion: 3,
        packages: { "": root, ...Object.fromEntries(entries) },
      }),
    );
  };
  wants("harbour");
  const npm = dirname(execFileSync("/bin/sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim());
  const env = {
    PATH: `${npm}:/usr/bin:/bin`,
    npm_config_registry: registry.url,
    npm_config_cache: path("npm-cache"),
    npm_config_userconfig: path("user.npmrc"),
    npm_config_fetch_retries: "0",
  };
  const hello: World["hello"] = (more, node) =>
    repository.run(["--without-engine", "hello.mjs"], { ...env, ...more }, node);
  return { ...repository, registry, hello, wants, env };
}

describe("npm packages", () => {
  test("are installed on the first run, and nothing is asked or said on the second", async () => {
    const { hello, path, registry } = await freshClone();
    const first = await hello().done;
    expect(first).toMatchObject({ code: 0, stdout: "hello\n" });
    expect(first.stderr).toMatch(/npm packages: 1 to install\nnpm packages: 1 installed \(\d+ s\)\n/);
    expect(existsSync(path("node_modules/harbour/package.json"))).toBe(true);

    registry.requests.length = 0;
    const second = await hello().done;
    expect(second).toMatchObject({ code: 0, stdout: "hello\n", stderr: "" });
    expect(registry.requests).toEqual([]);
  });

  test("are installed again when the lock file changed", async () => {
    const { hello, path, wants } = await freshClone();
    await hello().done;
    wants("harbour", "mole");
    const again = await hello().done;
    expect(again.stderr).toContain("npm packages: 2 installed");
    expect(existsSync(path("node_modules/mole/package.json"))).toBe(true);
  });

  test("that npm has installed by hand are not installed a second time", async () => {
    const { hello, registry, root, env } = await freshClone();
    await promisify(execFile)("npm", ["ci"], { cwd: root, env: { ...env, HOME: root } });
    registry.requests.length = 0;
    expect(await hello().done).toMatchObject({ code: 0, stdout: "hello\n", stderr: "" });
    expect(registry.requests).toEqual([]);
  });

  test("are installed to the end by the next run when one was killed half-way, and its npm is ended first", async () => {
    const { hello, path, registry } = await freshClone();
    registry.holdDownloads();
    const killed = hello();
    await until(() => registry.requests.some((request) => request.endsWith(".tgz")));
    const npm = workerOf(path("scripts/toolchain/.state"));
    killed.child.kill("SIGKILL");
    await killed.done;
    expect(isRunning(npm)).toBe(true);
    expect(existsSync(path("node_modules/.quayside-stamp"))).toBe(false);

    registry.answerDownloads();
    expect(await hello().done).toMatchObject({ code: 0, stdout: "hello\n" });
    expect(isRunning(npm)).toBe(false);
    expect(existsSync(path("node_modules/harbour/package.json"))).toBe(true);
  });

  test("are installed once when two runs start together; the other says whom it waits for", async () => {
    const { hello, registry } = await freshClone();
    registry.holdDownloads();
    const first = hello();
    await until(() => registry.requests.some((request) => request.endsWith(".tgz")));
    const second = hello();
    await until(() =>
      second.said().includes(`waiting for process ${first.child.pid}, which is installing them`),
    );
    registry.answerDownloads();
    for (const run of [first, second]) expect(await run.done).toMatchObject({ code: 0, stdout: "hello\n" });
    expect(registry.requests.filter((request) => request.endsWith(".tgz"))).toHaveLength(1);
  });

  test.skipIf(olderNode() === undefined)(
    "are complete on an old Node too, on which npm alone would leave native ones out",
    async () => {
      const { hello, path, wants } = await freshClone();
      wants("harbour", NODE_PACKAGE, "pier-native");
      const { code, stdout, stderr } = await hello({}, olderNode()).done;
      expect({ code, stdout }).toEqual({ code: 0, stdout: "hello\n" });
      expect(stderr).toContain("Node 24.99.0: fetching it first");
      expect(existsSync(path("node_modules/pier-native/package.json"))).toBe(true);
      expect(existsSync(path("scripts/toolchain/.state/node"))).toBe(false);
      expect(await hello({}, olderNode()).done).toMatchObject({ code: 0, stderr: "" });
    },
  );

  test("that npm has left out are installed, although npm has been here", async () => {
    const { hello, path, wants, write } = await freshClone();
    wants("harbour", "pier-native");
    await hello().done;
    rmSync(path("node_modules/.quayside-stamp"));
    const seen = JSON.parse(readFileSync(path("node_modules/.package-lock.json"), "utf8"));
    delete seen.packages["node_modules/pier-native"];
    write("node_modules/.package-lock.json", JSON.stringify(seen));
    expect((await hello().done).stderr).toContain("npm packages: 2 installed");
  });

  test("that can't be had end the run with npm's own words, without its chatter", async () => {
    const { hello, write, path } = await freshClone();
    const lock = JSON.parse(readFileSync(path("package-lock.json"), "utf8"));
    lock.packages["node_modules/harbour"].integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
    write("package-lock.json", JSON.stringify(lock));
    const { code, stdout, stderr } = await hello().done;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("npm error code EINTEGRITY");
    expect(stderr).toContain("error: npm ci ended with 1 (npm-packages)");
    expect(stderr).not.toContain("npm http");
    expect(existsSync(path("node_modules/.quayside-stamp"))).toBe(false);
  });

  test("can't be had without npm, and that is said", async () => {
    const { hello } = await freshClone();
    const { code, stderr } = await hello({ PATH: "/nowhere" }).done;
    expect(code).toBe(1);
    expect(stderr).toContain("error: npm can't be started");
    expect(stderr).toContain("Install npm");
  });
});

describe("this repository", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));

  /**
   * `npm ci` refuses a lock file that leaves out an optional package of another platform, which npm does silently
   * when the registry at hand does not have it.
   */
  test("has a lock file that names every optional package that its packages ask for", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isReachable(folder, name)),
    );
    expect(missing).toEqual([]);

    function isReachable(from: string, name: string): boolean {
      if (packages[`${from ? `${from}/` : ""}node_modules/${name}`]) return true;
      if (from === "") return false;
      return isReachable(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
    }
  });

  test("pins one engine version for the launcher, the SDK and the Go build", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(dependencies["@pulumi/pulumi"]).toBe(VERSION);
    expect(readFileSync(join(root, "scripts/toolchain/engine/go.mod"), "utf8")).toContain(
      `github.com/pulumi/pulumi/pkg/v3 v${VERSION} `,
    );
  });
});

/** The process group that works for the owner of the lock. */
function workerOf(state: string): number {
  const [lock = ""] = readdirSync(state).filter((name) => /\.lock\.\d+$/.test(name));
  return JSON.parse(readFileSync(join(state, lock), "utf8")).workers[0].pid;
}
