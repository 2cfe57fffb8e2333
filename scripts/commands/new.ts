import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findParts } from "../edge/parts.ts";
import { EXIT, UserError } from "../errors.ts";
import { checkName } from "../scaffold/name.ts";
import { siteFiles } from "../scaffold/site.ts";
import { workerFiles } from "../scaffold/worker.ts";
import { type Files, writeNew } from "../scaffold/write.ts";
import type { Command } from "./command.ts";

/** What each kind of part is made of, and what to do with it then. */
const KINDS = {
  worker: {
    files(root: string, name: string): Files {
      const dates = findParts(root).workers.flatMap(({ config }) =>
        typeof config.compatibility_date === "string" ? [config.compatibility_date] : [],
      );
      return workerFiles(name, dates.toSorted().at(-1) ?? new Date().toISOString().slice(0, 10));
    },
    next: (name: string) => [
      `npm test -- workers/${name}`,
      `npx wrangler dev --config workers/${name}/wrangler.jsonc`,
    ],
  },
  site: {
    files(root: string, name: string): Files {
      const example = join(root, "sites", "www", ".well-known", "security.txt");
      return siteFiles(name, existsSync(example) ? readFileSync(example, "utf8") : undefined);
    },
    next: () => ["npm test -- sites"],
  },
} as const;

export const command: Command = {
  summary: "Add a Worker or a site; everything else finds it by its folder",
  usage: "new -- <worker|site> <name>",
  examples: ["npm run new -- worker greeter", "npm run new -- site docs"],
  positionals: ["kind", "name"],
  options: {},
  async run({ root, reporter }, { positionals: [kind, name] }) {
    if ((kind !== "worker" && kind !== "site") || name === undefined) {
      throw new UserError(
        "usage",
        "Say what to add, a worker or a site, and its name.",
        `Usage: npm run ${this.usage}`,
        EXIT.usage,
      );
    }
    checkName(root, kind, name);
    const { files, next } = KINDS[kind];
    const written = writeNew(root, files(root, name));
    reporter.say(
      [
        ...written.map((file) => `  ${file}`),
        "",
        `The ${kind} ${name} is part of every stack from its next deployment on. To try it first:`,
        ...next(name).map((line) => `  ${line}`),
      ].join("\n"),
    );
    return { outcome: "succeeded", files: written };
  },
};
