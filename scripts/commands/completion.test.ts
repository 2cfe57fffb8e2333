import { dirname } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readProject } from "../stack/stacks.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { completionTable } from "./completion/table.ts";
import { zshCompletion } from "./completion/zsh.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const table = await completionTable(ROOT);

/** What a real bash offers for the last of these words. */
async function offers(...words: string[]): Promise<string[]> {
  const { stdout } = await execa("bash", ["--norc", "-s"], {
    input: `${bashCompletion(table)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_quayside; printf '%s\\n' "\${COMPREPLY[@]}"`,
  });
  return stdout.split("\n").filter(Boolean);
}

describe("completion", () => {
  it("knows what every option of every command means", () => {
    expect(table.length).toBeGreaterThan(8);
    const silent = table.flatMap(({ name, options }) =>
      options.filter(({ words }) => words === "").map((option) => `${name} --${option.name}`),
    );
    expect(silent).toEqual([]);
  });

  it("offers commands, stacks, options and their choices in bash", async () => {
    const [commands, stacks, options, choices] = await Promise.all([
      offers("quayside", "ro"),
      offers("quayside", "deploy", ""),
      offers("quayside", "rollback", "prod", "--d"),
      offers("quayside", "rollback", "prod", "--scope", ""),
    ]);
    expect(commands).toEqual(["rollback"]);
    expect(stacks).toEqual(readProject(ROOT).stacks);
    expect(options).toEqual(["--dry-run"]);
    expect(choices).toEqual(["all", "edge", "app", "infra"]);
  });

  it("is a script that shellcheck, where it is, has nothing to say about", async () => {
    const checked = await execa("shellcheck", ["--shell=bash", "-"], {
      input: bashCompletion(table),
      reject: false,
    });
    if (checked.code === "ENOENT") return;
    expect(checked.stdout).toBe("");
  });

  it("quotes for zsh and fish what their scripts could take for their own", () => {
    const odd = {
      name: "odd",
      summary: "It's odd",
      options: [{ name: "why", words: "that's [a]: reason", takesValue: true, choices: [] }],
      first: [],
    };
    expect(zshCompletion([odd])).toContain(`'--why[that'\\''s \\[a\\]\\: reason]:why:_files'`);
    expect(fishCompletion([odd])).toContain(`-l why -r -d 'that\\'s [a]: reason'`);
    for (const { name } of table) {
      expect(zshCompletion(table)).toContain(`    ${name}) _arguments`);
      expect(fishCompletion(table)).toContain(`-a ${name} -d`);
    }
  });
});
