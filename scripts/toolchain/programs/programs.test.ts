import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { makeRepository } from "../testing/repository.ts";

const HERE = import.meta.dirname;
const Table = z.object({
  PROGRAMS: z.record(
    z.string(),
    z.object({ kind: z.string(), version: z.string(), module: z.string().optional() }),
  ),
});

/** A repository whose Go writes a program that answers with `version`. */
function world(version: string) {
  const repository = makeRepository();
  const { path, write, root } = repository;
  write("made-by-go", `#!/bin/sh\necho act version ${version}\n`);
  write(
    "bin/go",
    [
      "#!/bin/sh",
      `echo "$1" >> ${path("go-calls")}`,
      'case "$1" in',
      "  env) echo go1.26.8; echo auto ;;",
      "  list) echo github.com/nektos/act ;;",
      '  build) while [ "$1" != -o ]; do shift; done;',
      `    mkdir -p "$(dirname "$2")"; cp ${path("made-by-go")} "$2"; chmod +x "$2" ;;`,
      "esac",
    ].join("\n"),
    0o755,
  );
  const calls = () =>
    existsSync(path("go-calls")) ? readFileSync(path("go-calls"), "utf8").split("\n") : [];
  const install = (name: string) =>
    repository.run([name], { QUAYSIDE_PROGRAMS: join(root, "programs") }, undefined, "programs/main.mjs");
  return { ...repository, calls, install, programs: join(root, "programs") };
}

describe("a pinned program", () => {
  test("is built once, and found again", async () => {
    const { install, calls, programs } = world("0.2.89");
    const binary = join(programs, "act-0.2.89", "bin", "act");
    const first = await install("act").done;
    expect(first).toMatchObject({ code: 0, stdout: `${binary}\n` });
    expect(first.stderr).toContain("compiling 1 Go packages");
    expect(await install("act").done).toEqual({ code: 0, signal: null, stdout: `${binary}\n`, stderr: "" });
    expect(calls().filter((call) => call === "build")).toHaveLength(1);
  });

  test("that answers with another version is not taken, and leaves nothing behind", async () => {
    const { install, programs } = world("0.2.0");
    const { code, stdout, stderr } = await install("act").done;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("it answers act version 0.2.0");
    expect(stderr).toContain("(program-unavailable)");
    expect(readdirSync(programs).filter((name) => !name.includes(".lock"))).toEqual([]);
  });

  test("that nobody pinned is refused with the names of those that are", async () => {
    const { code, stderr } = await world("1").install("make").done;
    expect(code).toBe(2);
    expect(stderr).toContain("Name one of: act, actionlint, zizmor.");
  });

  test("has the version of the table in the file that pins it", async () => {
    const { PROGRAMS } = Table.parse(await import(join(HERE, "programs.mjs")));
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const pins =
        program.kind === "go"
          ? new RegExp(`^\\s*(?:require )?${program.module} v${program.version}( |$)`, "m")
          : new RegExp(`^${name}==${program.version} `, "m");
      const file = program.kind === "go" ? "go.mod" : "requirements.txt";
      expect(readFileSync(join(HERE, name, file), "utf8"), name).toMatch(pins);
    }
  });
});
