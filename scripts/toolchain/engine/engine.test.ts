import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  fileAppears,
  isRunning,
  makeRepository,
  type Repository,
  until,
  VERSION,
} from "../testing/repository.ts";

/** An engine that answers with a version and keeps count of how often it was asked. */
const engineScript = (version: string, count: string) =>
  `#!/bin/sh\necho asked >> ${count}\necho v${version}\n`;

interface World extends Repository {
  binary: string;
  versions: string;
  lines: (name: string) => string[];
  /** npm's launcher, replaced: `script` runs with the launcher's environment. */
  launcher: (script: string) => void;
  /** A Go on the PATH that writes an engine, as soon as the gate is open where there is one. */
  installGo: (options?: {
    version?: string;
    toolchain?: string;
    engineVersion?: string;
    gate?: string;
  }) => void;
  hello: (env?: NodeJS.ProcessEnv) => ReturnType<Repository["run"]>;
}

const REFUSED = 'console.error("pulumi: fetch failed"); process.exit(1);';

function world(): World {
  const repository = makeRepository();
  const { path, write, home } = repository;
  const versions = `${home}/versions`;
  const binary = `${versions}/${VERSION}/bin/pulumi`;
  write("hello.mjs", 'console.log("hello");');
  const launcher: World["launcher"] = (script) => void write("node_modules/pulumi/run.js", script);
  launcher(REFUSED);
  return {
    ...repository,
    versions,
    binary,
    launcher,
    lines: (name) =>
      existsSync(path(name)) ? readFileSync(path(name), "utf8").split("\n").filter(Boolean) : [],
    installGo({ version = "1.26.8", toolchain = "auto", engineVersion = VERSION, gate } = {}) {
      write("engine-made-by-go", engineScript(engineVersion, path("asked")));
      write(
        "bin/go",
        [
          "#!/bin/sh",
          `echo "$1 CGO_ENABLED=$CGO_ENABLED GOOS=$GOOS" >> ${path("go-calls")}`,
          'case "$1" in',
          `  env) echo go${version}; echo ${toolchain} ;;`,
          "  list) echo fmt; echo os; echo example.com/engine ;;",
          "  build)",
          `    echo "$$" > ${path("go-pid")}`,
          ...(gate ? [`    while [ ! -e ${gate} ]; do sleep 0.02; done`] : []),
          '    while [ "$1" != "-o" ]; do shift; done',
          `    cp ${path("engine-made-by-go")} "$2"; chmod +x "$2" ;;`,
          "esac",
          "",
        ].join("\n"),
        0o755,
      );
    },
    hello: (env) => repository.run(["hello.mjs"], env),
  };
}

/** A launcher that leaves an engine where the official one would, with a language host beside it. */
const downloads = (source: string) => `
const { cpSync, mkdirSync, writeFileSync } = require("node:fs");
const bin = process.env.PULUMI_HOME + "/versions/" + process.env.PULUMI_VERSION + "/bin";
mkdirSync(bin, { recursive: true });
cpSync(${JSON.stringify(source)}, bin + "/pulumi");
writeFileSync(bin + "/pulumi-language-nodejs", "");
`;

describe("the engine", () => {
  test("that is in place is asked for its version once, and then never again until it changes", async () => {
    const { hello, write, path, lines } = world();
    const engine = `pulumi-home/versions/${VERSION}/bin/pulumi`;
    write(engine, engineScript(VERSION, path("asked")), 0o755);
    for (let run = 0; run < 3; run += 1) {
      expect(await hello().done).toMatchObject({ code: 0, stdout: "hello\n", stderr: "" });
    }
    expect(lines("asked")).toHaveLength(1);
    write(engine, `${engineScript(VERSION, path("asked"))}\n`, 0o755);
    await hello().done;
    expect(lines("asked")).toHaveLength(2);
  });

  test("comes from the official download where that works, whole, and Go is not touched", async () => {
    const { hello, launcher, write, path, binary, versions, installGo, lines } = world();
    installGo();
    launcher(downloads(write("good", engineScript(VERSION, path("asked")), 0o755)));
    const { code, stderr } = await hello().done;
    expect(code).toBe(0);
    expect(stderr).toContain(`Pulumi engine ${VERSION}: downloaded from Pulumi`);
    expect(existsSync(binary)).toBe(true);
    expect(existsSync(`${dirname(binary)}/pulumi-language-nodejs`)).toBe(true);
    expect(lines("go-calls")).toEqual([]);
    expect(leftovers(versions)).toEqual([]);
  });

  test("is built from Go sources where the download is refused, without cgo and for this machine", async () => {
    const { hello, binary, versions, installGo, lines } = world();
    installGo();
    const { code, stderr } = await hello({ GOOS: "plan9" }).done;
    expect(code).toBe(0);
    expect(stderr).toContain(`Pulumi engine ${VERSION}: built from its Go sources`);
    expect(lines("go-calls").at(-1)).toBe("build CGO_ENABLED=0 GOOS=");
    expect(existsSync(binary)).toBe(true);
    expect(leftovers(versions)).toEqual([]);
    expect(await hello().done).toMatchObject({ code: 0, stderr: "" });
  });

  test("is built when the downloaded one does not answer with the pinned version", async () => {
    const { hello, launcher, write, path, installGo } = world();
    installGo();
    launcher(downloads(write("other", engineScript("1.0.0", path("asked")), 0o755)));
    const { code, stderr } = await hello().done;
    expect(code).toBe(0);
    expect(stderr).toContain("built from its Go sources");
  });

  test("that is broken in its place is replaced", async () => {
    const { hello, write, path, binary, installGo } = world();
    installGo();
    write(`pulumi-home/versions/${VERSION}/bin/pulumi`, "half a fi", 0o755);
    expect(await hello().done).toMatchObject({ code: 0, stdout: "hello\n" });
    expect(readFileSync(binary, "utf8")).toBe(engineScript(VERSION, path("asked")));
  });

  test("is given up where the official launcher gets no byte, and the silence is said", async () => {
    const { hello, path, installGo } = world();
    installGo({ version: "1.20.1" });
    cpSync(new URL("../../../node_modules/pulumi", import.meta.url), path("node_modules/pulumi"), {
      recursive: true,
    });
    const proxy = await silentHost();
    const { code, stderr } = await hello({
      HTTPS_PROXY: proxy.url,
      QUAYSIDE_ENGINE_DOWNLOAD_SECONDS: "0.5",
    }).done;
    expect(code).toBe(1);
    expect(proxy.calls()).toBe(1);
    expect(stderr).toContain("download  from Pulumi: no byte within 0.5 s");
    expect(stderr).toMatch(/Go build {2}\S+\/bin\/go is 1\.20\.1, too old to fetch/);
  });

  test("that can't be had is an error that names what was tried and what to do, and leaves nothing behind", async () => {
    const { hello, binary, versions, installGo } = world();
    installGo({ version: "1.24.4", toolchain: "local" });
    const { code, stdout, stderr } = await hello().done;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`in place  ${binary}: not there`);
    expect(stderr).toContain("download  from Pulumi: pulumi: fetch failed");
    expect(stderr).toMatch(
      /Go build {2}\S+\/bin\/go is 1\.24\.4, and GOTOOLCHAIN=local forbids it to fetch 1\.25\.\d+/,
    );
    expect(stderr).toContain("(engine-unavailable)");
    expect(stderr).toContain("install Go 1.25");
    expect(leftovers(versions)).toEqual([]);
  });

  test("is left to a Go that is too old where it may fetch a newer one", async () => {
    const { hello, installGo } = world();
    installGo({ version: "1.22.0", toolchain: "auto" });
    expect(await hello().done).toMatchObject({ code: 0, stdout: "hello\n" });
  });

  test("can't be had when its cache can't be written, and PULUMI_HOME is named", async () => {
    const { hello, write, root } = world();
    write("a-file", "");
    const { code, stderr } = await hello({ PULUMI_HOME: `${root}/a-file/home` }).done;
    expect(code).toBe(1);
    expect(stderr).toContain("(engine-cache)");
    expect(stderr).toContain("PULUMI_HOME");
  });

  test("is made once when two runs start together; the other says whom it waits for", async () => {
    const { hello, installGo, path, write, lines } = world();
    installGo({ gate: path("gate") });
    const first = hello();
    await fileAppears(path("go-pid"));
    const second = hello();
    await until(() =>
      second.said().includes(`waiting for process ${first.child.pid}, which is making it ready`),
    );
    write("gate", "");
    for (const run of [first, second]) expect(await run.done).toMatchObject({ code: 0, stdout: "hello\n" });
    expect(lines("go-calls").filter((call) => call.startsWith("build"))).toHaveLength(1);
  });

  test("is finished by the next run when one was killed half-way, whose Go is ended and whose leftovers go", async () => {
    const { hello, installGo, path, write, versions, binary } = world();
    installGo({ gate: path("gate") });
    const killed = hello();
    await fileAppears(path("go-pid"));
    await until(() => readFileSync(path("go-pid"), "utf8").endsWith("\n"));
    const go = Number(readFileSync(path("go-pid"), "utf8"));
    // Whoever comes next knows of a Go only when the lock names it, a moment after it has begun.
    await until(() => lockNames(versions, go));
    killed.child.kill("SIGKILL");
    await killed.done;
    expect(isRunning(go)).toBe(true);
    expect(leftovers(versions)).toHaveLength(1);

    rmSync(path("go-pid"));
    const next = hello();
    await fileAppears(path("go-pid"));
    expect(isRunning(go)).toBe(false);
    expect(leftovers(versions)).toHaveLength(1);
    write("gate", "");
    expect(await next.done).toMatchObject({ code: 0, stdout: "hello\n" });
    expect(existsSync(binary)).toBe(true);
    expect(leftovers(versions)).toEqual([]);
  });

  test("is stopped in the making by Ctrl-C, and its Go with it", async () => {
    const { hello, installGo, path } = world();
    installGo({ gate: path("gate") });
    const run = hello();
    await fileAppears(path("go-pid"));
    await until(() => readFileSync(path("go-pid"), "utf8").endsWith("\n"));
    const go = Number(readFileSync(path("go-pid"), "utf8"));
    run.child.kill("SIGINT");
    expect(await run.done).toMatchObject({ code: null, signal: "SIGINT" });
    await until(() => !isRunning(go));
  });
});

/** Folders in which an engine was being made. */
function leftovers(versions: string): string[] {
  return readdirSync(versions).filter((name) => name.includes("staging"));
}

/** Whether the lock on the engine's place says that a process works for its owner. */
function lockNames(versions: string, pid: number): boolean {
  return readdirSync(versions)
    .filter((name) => name.startsWith(`.${VERSION}.lock`) && !name.includes("draft"))
    .some((name) => readFileSync(`${versions}/${name}`, "utf8").includes(`"pid":${pid},`));
}

/** A proxy that takes every call and never answers. */
async function silentHost() {
  const calls = new Set<Socket>();
  const server = createServer((socket) => {
    calls.add(socket.on("error", () => {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of calls) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls.size };
}
