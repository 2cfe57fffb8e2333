import { dirname } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { CHAPTERS } from "./story/chapters.ts";

function rehearse(...args: string[]) {
  return execa(process.execPath, ["--no-warnings", "scripts/cli.ts", "rehearse", "--json", ...args], {
    cwd: dirname(dirname(import.meta.dirname)),
    reject: false,
    stdin: "ignore",
  });
}

it.each([
  ["a scene that there is not", ["--scene", "encore"], "pull-request"],
  ["a chapter that there is not", ["--chapter", "encore"], "loop"],
  ["a chapter and all of them", ["--chapter", "loop", "--all"], "exclude each other"],
  ["a folder outside of the repository", ["--dir", "../.rehearsal-elsewhere"], ".rehearsal"],
  ["a folder that holds the sources", ["--dir", "scripts"], ".rehearsal"],
])("refuses %s, touches nothing and says what to name instead", async (_name, args, hint) => {
  const { exitCode, stderr } = await rehearse(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(hint);
});

it("gives chapters and scenes names of their own, as one names them on the command line", () => {
  const scenes = CHAPTERS.flatMap((chapter) => chapter.scenes.map(({ name }) => name));
  const chapters = CHAPTERS.map(({ name }) => name);
  for (const names of [scenes, chapters]) expect(new Set(names).size).toBe(names.length);
  for (const name of [...scenes, ...chapters]) expect(name).toMatch(/^[a-z][a-z-]*$/);
});
