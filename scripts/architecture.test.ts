import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/**
 * Which rooms a room may import from, docs/architecture.md as a table. A file that stands alone in scripts/ is a room of
 * its own. The order matters: a room may only name rooms that stand above it, so that there can be no circle.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "scripts/errors.ts": [],
  "scripts/template.ts": [],
  "scripts/toolchain": [],
  "scripts/change": [],
  infra: [],
  workers: [],
  "scripts/github": ["scripts/errors.ts"],
  "scripts/providers": ["scripts/errors.ts", "scripts/change"],
  "scripts/secrets": ["scripts/errors.ts", "scripts/github"],
  "scripts/terminal": ["scripts/errors.ts", "scripts/github", "scripts/secrets"],
  "scripts/context.ts": ["scripts/terminal"],
  "scripts/stack": ["scripts/errors.ts", "scripts/change", "scripts/secrets"],
  "scripts/release": ["scripts/errors.ts", "scripts/github", "scripts/secrets"],
  // The end of an update that nobody saw: what it left in the clouds and in the state, and who holds its lock.
  "scripts/recovery": [
    "scripts/errors.ts",
    "scripts/toolchain",
    "scripts/github",
    "scripts/providers",
    "scripts/stack",
  ],
  "scripts/edge": ["scripts/errors.ts", "scripts/secrets", "scripts/terminal", "scripts/release"],
  "scripts/browser": ["scripts/errors.ts"],
  "scripts/visual": ["scripts/errors.ts", "scripts/browser"],
  "scripts/flows": [
    "scripts/context.ts",
    "scripts/errors.ts",
    "scripts/change",
    "scripts/github",
    "scripts/secrets",
    "scripts/providers",
    "scripts/stack",
    "scripts/recovery",
    "scripts/release",
    "scripts/edge",
    "scripts/browser",
    "scripts/visual",
  ],
  // Makes and mends the accounts that the flows work with.
  "scripts/setup": [
    "scripts/context.ts",
    "scripts/errors.ts",
    "scripts/template.ts",
    "scripts/github",
    "scripts/secrets",
    "scripts/providers",
    "scripts/stack",
  ],
  // Looks at everything that can be wrong, with the set-up's own eyes.
  "scripts/doctor": [
    "scripts/context.ts",
    "scripts/errors.ts",
    "scripts/template.ts",
    "scripts/change",
    "scripts/github",
    "scripts/providers",
    "scripts/stack",
    "scripts/recovery",
    "scripts/flows",
    "scripts/setup",
  ],
  "scripts/scaffold": ["scripts/errors.ts"],
  // Merges what the template has changed since.
  "scripts/upgrade": ["scripts/context.ts", "scripts/errors.ts", "scripts/secrets"],
  // Takes a stack away, with what the set-up made for it.
  "scripts/teardown": [
    "scripts/context.ts",
    "scripts/errors.ts",
    "scripts/github",
    "scripts/providers",
    "scripts/stack",
    "scripts/flows",
    "scripts/setup",
  ],
  "scripts/commands": [
    "scripts/context.ts",
    "scripts/errors.ts",
    "scripts/template.ts",
    "scripts/edge",
    "scripts/scaffold",
    "scripts/upgrade",
    "scripts/change",
    "scripts/github",
    "scripts/stack",
    "scripts/release",
    "scripts/flows",
    "scripts/setup",
    "scripts/doctor",
    "scripts/teardown",
  ],
  "scripts/cli.ts": [
    "scripts/context.ts",
    "scripts/errors.ts",
    "scripts/github",
    "scripts/secrets",
    "scripts/terminal",
    "scripts/stack",
    "scripts/commands",
  ],
  "scripts/workflows": [],
  // It knows the rooms above only through the CLI, the environment and HTTP, as GitHub Actions does.
  "scripts/rehearsal": ["scripts/errors.ts", "scripts/template.ts", "scripts/browser"],
  // Measures the pipeline against the stock sequence, which it puts together from the same parts.
  "scripts/bench": ["infra", "scripts/errors.ts", "scripts/terminal", "scripts/edge", "scripts/rehearsal"],
  // Lets a Worker run in workerd under load, as its deployment bundles it.
  "scripts/load": ["scripts/errors.ts", "scripts/terminal"],
  // What the test of the documentation is made of: it holds pages against the commands themselves.
  "scripts/docs": [
    "scripts/change",
    "scripts/providers",
    "scripts/stack",
    "scripts/commands",
    "scripts/rehearsal",
    "scripts/setup",
  ],
  sites: [],
};

/** Single files that may go past the table. A row that is not needed any more makes the test fail. */
const EXCEPTIONS: readonly { from: RegExp; to: RegExp; reason: string }[] = [
  {
    from: /^scripts\/(stack|edge|release|flows|teardown)\//,
    to: /^infra\/src\/(outputs|awaited-server)\.ts$/,
    reason: "The contract between the infrastructure and whoever deploys onto it.",
  },
  {
    from: /^scripts\/flows\/intake\.ts$/,
    to: /^infra\/src\/hosts\.ts$/,
    reason: "One place says what the hosts of a stack are called.",
  },
  {
    from: /^scripts\/commands\/intake\.ts$/,
    to: /^scripts\/providers\/intake\.ts$/,
    reason: "The command prints what the intake Worker answered; the types are all that it takes.",
  },
  {
    from: /^scripts\/flows\/environment\.ts$/,
    to: /^infra\/program\.ts$/,
    reason: "The Pulumi program runs inline, in the pipeline's own process.",
  },
  {
    from: /^scripts\/(secrets\/esc|release\/verify)\.ts$/,
    to: /^scripts\/providers\/request\.ts$/,
    reason: "One way of asking an API that has a bad moment, and of telling why it did not answer.",
  },
  {
    from: /^scripts\/commands\/rehearse\.ts$/,
    to: /^scripts\/rehearsal\//,
    reason: "The command that plays the rehearsal, the only way into that room.",
  },
  {
    from: /^scripts\/rehearsal\/play\.ts$/,
    to: /^scripts\/terminal\//,
    reason: "The rehearsal shows its scenes on the terminal as commands show their steps.",
  },
  {
    from: /^scripts\/rehearsal\/origin\/record-reader\.ts$/,
    to: /^scripts\/release\/record\.ts$/,
    reason:
      "Where the servers' agent can't run, the origin reads the release record with the code that writes it.",
  },
];

/** Imports in a source: static ones, `export … from`, and dynamic ones with a fixed name; those of types too. */
function importsOf(source: string): string[] {
  const found = source.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*["']([^"']+)["']/g);
  return [...found].flatMap(([, target]) => target ?? []);
}

interface Arrow {
  from: string;
  to: string;
}

const files = ["scripts", "infra", "sites", "workers"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => posix.join(folder, file.replaceAll("\\", "/")))
    .filter((file) => /\.(ts|mjs)$/.test(file) && !/(^|\/)(node_modules|\.[^/]+)\//.test(file)),
);
const arrows = files.flatMap((from): Arrow[] =>
  importsOf(readFileSync(join(ROOT, from), "utf8"))
    .filter((target) => target.startsWith("."))
    .map((target) => ({ from, to: posix.normalize(posix.join(posix.dirname(from), target)) })),
);
const between = arrows.filter(({ from, to }) => roomOf(from) !== roomOf(to));

function roomOf(file: string): string {
  const [top = "", room = ""] = file.split("/");
  return top === "scripts" ? `${top}/${room}` : top;
}

/** Tests, and what only they use, look at every room from outside: at the rehearsal's clouds and browsers above all. */
function isTest(file: string): boolean {
  return /\.test\.ts$|vitest\.config\.ts$|^workers\/[^/]+\/test\/|\/(testing|fixtures)\//.test(file);
}

function excepted({ from, to }: Arrow): boolean {
  return EXCEPTIONS.some((row) => row.from.test(from) && row.to.test(to));
}

describe("the arrows between rooms", () => {
  it("are read from static, dynamic and type imports", () => {
    const source = [
      'import { a } from "./a.ts";',
      'import type { B } from "../b/b.ts";',
      'import "./c.ts";',
      'const d = await import("./d.ts");',
      "export {\n  e,\n} from './e.ts';",
    ].join("\n");
    expect(importsOf(source)).toEqual(["./a.ts", "../b/b.ts", "./c.ts", "./d.ts", "./e.ts"]);
    expect(between.length).toBeGreaterThan(50);
  });

  it("start in rooms that the table knows", () => {
    const unknown = files.map(roomOf).filter((room) => !(room in MAY_IMPORT) && !isTest(room));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("point one way: a room names only rooms that stand before it", () => {
    const rooms = Object.keys(MAY_IMPORT);
    for (const [room, allowed] of Object.entries(MAY_IMPORT)) {
      const later = allowed.filter((each) => rooms.indexOf(each) >= rooms.indexOf(room));
      expect(later, room).toEqual([]);
    }
  });

  it("are those of the table, and the exceptions that are listed", () => {
    const wrong = between
      .filter(({ from }) => !isTest(from))
      .filter(({ from, to }) => !MAY_IMPORT[roomOf(from)]?.includes(roomOf(to)))
      .filter((arrow) => !excepted(arrow))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  it("need every exception", () => {
    const idle = EXCEPTIONS.filter(
      (row) => !between.some(({ from, to }) => !isTest(from) && row.from.test(from) && row.to.test(to)),
    ).map(({ reason }) => reason);
    expect(idle).toEqual([]);
  });

  it("never lead from the product to a test", () => {
    const wrong = arrows.filter(({ from, to }) => !isTest(from) && isTest(to));
    expect(wrong).toEqual([]);
  });
});
