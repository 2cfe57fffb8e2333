import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHAPTERS } from "../rehearsal/story/chapters.ts";
import { argumentLists, hasInOrder } from "./argument-lists.ts";
import { EXECUTIONS, type Execution, entriesTwice } from "./executed-commands.ts";
import { ROOT, readPages } from "./pages.ts";

const commands = new Set([...readPages()].flatMap(([, { commands: lines }]) => lines));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** What is wrong with what an entry says; undefined where it is so. */
function complaintAbout(line: string, entry: Execution): string | undefined {
  if ("nowhere" in entry) return undefined;
  if ("within" in entry) {
    const pattern = line.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    if (!EXECUTIONS.has(entry.within)) return `${entry.within} is executed nowhere`;
    // A placeholder of the longer line stands for anything.
    const longer = entry.within.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/<[^<>]+>/g, "\\S+");
    return new RegExp(`^${pattern}`).test(entry.within) || new RegExp(`^${longer}$`).test(line)
      ? undefined
      : `${entry.within} is another command`;
  }
  if ("stepOf" in entry) {
    const steps = read(entry.stepOf)
      .split("\n")
      .filter((text) => !/^\s*#/.test(text))
      .map((text) => `${text.replaceAll(" --silent", "").trim()} `);
    return steps.some((text) => text.includes(` ${line} `) || text.startsWith(`${line} `))
      ? undefined
      : `${entry.stepOf} does not run it`;
  }
  const file = "typedBy" in entry ? entry.typedBy : entry.issuedBy;
  if (!existsSync(join(ROOT, file))) return `there is no ${file}`;
  if (!isRun(file)) return `${file} is neither a test nor a scene of a chapter`;
  if ("typedBy" in entry) return undefined;
  return argumentLists(read(file)).some((list) => hasInOrder(list, entry.argv))
    ? undefined
    : `${file} does not issue ${entry.argv.join(" ")}`;
}

/** Whether vitest runs a file, or a chapter plays the scene that it holds. */
function isRun(file: string): boolean {
  if (/\.test\.ts$/.test(file)) return true;
  const scenes = [...read(file).matchAll(/^ {2}name: "([\w-]+)",$/gm)].flatMap(([, name]) => name ?? []);
  const played = new Set(CHAPTERS.flatMap((chapter) => chapter.scenes.map(({ name }) => name)));
  return scenes.some((name) => played.has(name));
}

describe("every command line of the documentation", () => {
  it("is executed, or there is a reason why it can't be", () => {
    expect([...commands].filter((line) => !EXECUTIONS.has(line))).toEqual([]);
  });

  it("has one entry, and no entry is left of one that is not there any more", () => {
    expect([...EXECUTIONS.keys()].filter((line) => !commands.has(line))).toEqual([]);
    expect(entriesTwice()).toEqual([]);
  });

  it("is executed where its entry says", () => {
    const wrong = [...EXECUTIONS].flatMap(([line, entry]) => {
      const complaint = complaintAbout(line, entry);
      return complaint === undefined ? [] : [`${line}: ${complaint}`];
    });
    expect(wrong).toEqual([]);
  });

  it("is executed nowhere only where somebody's account, a host or hours are wanted", () => {
    const nowhere = [...EXECUTIONS].flatMap(([line, entry]) => ("nowhere" in entry ? [line] : []));
    expect(
      nowhere.filter((line) => !/^(gh (run|pr) |npm run (rehearse -- --|torture( -- --later)?$))/.test(line)),
    ).toEqual([]);
  });
});

describe("the look at an entry", () => {
  it.each<[string, Execution, RegExp]>([
    ["npm run doctor", { issuedBy: "scripts/nothing.test.ts", argv: [] }, /there is no/],
    [
      "npm run doctor",
      { issuedBy: "scripts/rehearsal/story/setup/owner.ts", argv: [] },
      /neither a test nor a scene/,
    ],
    [
      "npm run doctor",
      { issuedBy: "scripts/rehearsal/story/setup/doctor.ts", argv: ["doctor", "--fix"] },
      /does not issue doctor --fix/,
    ],
    ["npm run doctor", { stepOf: ".ci/run" }, /does not run it/],
    ["npm run doctor", { within: "npm run setup -- --check" }, /another command/],
    ["npm run doctor", { within: "npm run doctor -- --all" }, /executed nowhere/],
  ])("finds what is not so: %s, %j", (line, entry, complaint) => {
    expect(complaintAbout(line, entry)).toMatch(complaint);
  });
});
