import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { parse } from "yaml";
import { z } from "zod";
import type { Command } from "../commands/command.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Says what is wrong with a command line; undefined when it could be run as it stands. */
type Check = (words: string[]) => Promise<string | undefined>;

/** Stands for `<run>` and the like, what a reader puts in. */
const PLACEHOLDER = "PLACEHOLDER";

/** The programs that the documentation may call. */
const PROGRAMS: Record<string, Check> = {
  npm: checkNpm,
  npx: async ([tool, ...words]) => {
    const check = tool === undefined ? undefined : TOOLS[tool];
    return check ? check(words) : `npx ${tool}: no tool of this repository`;
  },
  // A variable before a program.
  env: async ([assignment = "", ...words]) =>
    /^[A-Z_]+=/.test(assignment) ? checkWords(words) : `env ${assignment}: no variable`,
  export: async ([assignment = ""]) => (/^[A-Z_]+=\S/.test(assignment) ? undefined : "no variable"),
  unset: async ([name = ""]) => (/^[A-Z_]+$/.test(name) ? undefined : "no variable"),
  bash: async ([file = ""]) => (existsSync(join(ROOT, file)) ? undefined : `there is no ${file}`),
  git: async ([command = "", ...words]) => {
    const { stdout, stderr } = await run("git", [command, "-h"]);
    return unknownOption(words, `${stdout}${stderr}`.replaceAll("--[no-]", "--no-"), (option) =>
      option.replace(/^--(?!no-)/, "--no-"),
    );
  },
  gh: checkGh,
  python3: async ([flag, module]) =>
    flag === "-m" && module === "unittest" ? undefined : "only the tests of a Python module",
  openssl: async ([command = "", ...words]) => {
    const { stdout, stderr } = await run("openssl", [command, "-help"]);
    return unknownOption(words, `${stdout}${stderr}`);
  },
};

/** The tools of node_modules that the documentation may call. */
const TOOLS: Record<string, Check> = {
  async pulumi(words) {
    const inner = words.indexOf("--");
    const own = inner < 0 ? words : words.slice(0, inner);
    const path = own.slice(0, ["env", "stack"].includes(own[0] ?? "") ? 2 : 1);
    const { stdout, exitCode } = await run("pulumi", [...path, "--help"]);
    if (exitCode !== 0 || !stdout.includes(`pulumi ${path.join(" ")}`)) return `no pulumi ${path.join(" ")}`;
    return unknownOption(own, stdout) ?? (inner < 0 ? undefined : checkWords(words.slice(inner + 1)));
  },
  async wrangler(words) {
    // Commands are up to four words deep, and their help takes their arguments too.
    const option = words.findIndex((word) => word.startsWith("-"));
    const path = option < 0 ? words : words.slice(0, option);
    const { stdout, exitCode } = await run("wrangler", [...path, "--help"]);
    return exitCode === 0 ? unknownOption(words, stdout) : `no wrangler ${path.join(" ")}`;
  },
};

/** Whether a line of the documentation could be run as it stands. */
export function checkCommandLine(line: string): Promise<string | undefined> {
  return checkWords(split(line.replaceAll(/<[^<>]+>/g, PLACEHOLDER)));
}

function checkWords([program = "", ...words]: string[]): Promise<string | undefined> {
  const check = PROGRAMS[program];
  return check ? check(words) : Promise.resolve(`${program}: scripts/docs/programs.ts does not know it`);
}

function split(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ""));
}

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));

async function checkNpm([verb = "", ...rest]: string[]): Promise<string | undefined> {
  const name = verb === "run" ? (rest.shift() ?? "") : verb;
  const script = scripts[name];
  if (script === undefined) return `there is no npm script ${name}`;
  if (rest.length > 0 && rest.shift() !== "--") return "arguments of a script come after --";
  // What the toolchain starts: a source file with fixed arguments, a tool, or more npm scripts.
  const [, target = "", fixed = ""] =
    /^node scripts\/toolchain\/run\.mjs(?: --without-engine)? (\S+)(.*)$/.exec(script) ?? [];
  if (target.includes("/") && !existsSync(join(ROOT, target)))
    return `${name} starts ${target}, which is not there`;
  const args = [...split(fixed), ...rest];
  if (target === "scripts/cli.ts") return checkCli(args);
  if (target.endsWith("/main.ts")) {
    const { stdout, stderr } = await run(process.execPath, ["--no-warnings", target, "--help"]);
    return unknownOption(args, `${stdout}${stderr}`);
  }
  if (target === "vitest") return unknownOption(args, (await run("vitest", ["--help"])).stdout);
  return args.some((word) => word.startsWith("-")) && target !== "biome"
    ? `${name} takes no options`
    : undefined;
}

/** The names that the CLI itself lists. */
export async function commandNames(): Promise<string[]> {
  const { stderr } = await run(process.execPath, ["--no-warnings", "scripts/cli.ts", "--help"]);
  return [...stderr.matchAll(/^ {2}([a-z]+) +\S/gm)].flatMap(([, name]) => name ?? []);
}

export async function loadCommand(name: string): Promise<Command> {
  const { command } = (await import(`../commands/${name}.ts`)) as { command: Command };
  return command;
}

async function checkCli([name = "", ...args]: string[]): Promise<string | undefined> {
  if (name === "--help") return undefined;
  if (!(await commandNames()).includes(name)) return `there is no command ${name}`;
  const command = await loadCommand(name);
  const flags = { json: { type: "boolean" }, help: { type: "boolean" } } as const;
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...command.options, ...flags },
      allowPositionals: true,
    });
    if (positionals.length > command.positionals.length) return `${name} takes fewer arguments`;
    return await wrongChoice(command, values);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The usage has an option's choices, `--scope all|edge|app|infra`; scenes are those of the story. */
async function wrongChoice(command: Command, values: Record<string, unknown>): Promise<string | undefined> {
  for (const [option, value] of Object.entries(values)) {
    const choices = new RegExp(`--${option} ([\\w-]+(?:\\|[\\w-]+)+)`).exec(command.usage)?.[1]?.split("|");
    if (choices && !choices.includes(String(value))) return `--${option} is one of ${choices.join(", ")}`;
  }
  if (typeof values.scene === "string") {
    const { chapterOfScene } = await import("../rehearsal/story/chapters.ts");
    if (!chapterOfScene(String(values.scene))) return `there is no scene ${values.scene}`;
  }
  if (typeof values.chapter === "string") {
    const { CHAPTERS } = await import("../rehearsal/story/chapters.ts");
    if (!CHAPTERS.some(({ name }) => name === values.chapter)) return `there is no chapter ${values.chapter}`;
  }
  return undefined;
}

/** GitHub's own program is seldom installed, so that what it is asked for is looked up in this repository. */
const GH: Record<string, readonly string[]> = {
  "run list": ["--workflow", "--limit", "--status"],
  "run download": ["--name", "--dir"],
  "run view": ["--log-failed"],
  "run rerun": ["--failed"],
  "run watch": [],
  "workflow run": ["-f", "--ref"],
  "variable set": ["--body"],
  "pr checkout": [],
  "pr create": ["--head", "--fill"],
};
const Dispatch = z.object({
  on: z.object({
    workflow_dispatch: z
      .object({
        inputs: z
          .record(z.string(), z.object({ type: z.string(), options: z.array(z.string()).optional() }))
          .default({}),
      })
      .nullable(),
  }),
});

async function checkGh([topic = "", verb = "", ...words]: string[]): Promise<string | undefined> {
  const known = GH[`${topic} ${verb}`];
  if (!known) return `gh ${topic} ${verb} is in no table`;
  const strange = words.find((word) => word.startsWith("-") && !known.includes(word));
  if (strange) return `gh ${topic} ${verb} has no ${strange}`;
  const named = topic === "workflow" ? words[0] : words[words.indexOf("--workflow") + 1];
  const workflow = topic === "workflow" || words.includes("--workflow") ? named : undefined;
  if (workflow !== undefined && !existsSync(join(ROOT, ".github/workflows", workflow)))
    return `there is no workflow ${workflow}`;
  if (topic === "variable" && !workflowTexts().includes(`vars.${words[0]} `))
    return `no workflow reads ${words[0]}`;
  return topic === "workflow" && workflow ? wrongInput(workflow, words) : undefined;
}

function wrongInput(workflow: string, words: string[]): string | undefined {
  const text = readFileSync(join(ROOT, ".github/workflows", workflow), "utf8");
  const dispatch = Dispatch.safeParse(parse(text));
  if (!dispatch.success) return `${workflow} can't be started by hand`;
  const inputs = dispatch.data.on.workflow_dispatch?.inputs ?? {};
  for (const [index, word] of words.entries()) {
    if (word !== "-f") continue;
    const [name = "", value = ""] = (words[index + 1] ?? "").split("=");
    const input = inputs[name];
    if (!input) return `${workflow} has no input ${name}`;
    if (input.options && !input.options.includes(value))
      return `${name} is one of ${input.options.join(", ")}`;
    if (input.type === "boolean" && !["true", "false"].includes(value)) return `${name} is true or false`;
  }
  return undefined;
}

function workflowTexts(): string {
  return ["preview.yml", "deploy.yml", "drift.yml"]
    .map((name) => readFileSync(join(ROOT, ".github/workflows", name), "utf8"))
    .join("\n");
}

function unknownOption(
  words: readonly string[],
  help: string,
  spelt: (option: string) => string = (option) => option,
): string | undefined {
  const options = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*$/, ""));
  return options.find((option) => !mentions(help, option) && !mentions(help, spelt(option)));
}

function mentions(help: string, option: string): boolean {
  return help.split(/[\s,|[\]()=]+/).includes(option);
}

const ran = new Map<string, ReturnType<typeof start>>();

/** Each command is run once, however often the documentation has it. */
function run(program: string, args: string[]): ReturnType<typeof start> {
  const key = [program, ...args].join(" ");
  const result = ran.get(key) ?? start(program, args);
  ran.set(key, result);
  return result;
}

async function start(program: string, args: string[]) {
  const { stdout, stderr, exitCode } = await execa(program, args, {
    cwd: ROOT,
    preferLocal: true,
    localDir: ROOT,
    reject: false,
    stdin: "ignore",
    env: { NO_COLOR: "1", CI: "1", WRANGLER_SEND_METRICS: "false", PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  return { stdout, stderr, exitCode };
}
