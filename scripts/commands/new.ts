import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { findParts } from "../edge/parts.ts";
import { EXIT, UserError } from "../errors.ts";
import { checkName } from "../scaffold/name.ts";
import { projectFiles, withChoices } from "../scaffold/project.ts";
import { siteFiles } from "../scaffold/site.ts";
import { workerFiles } from "../scaffold/worker.ts";
import { replaceIn, writeNew } from "../scaffold/write.ts";
import { scriptsOf, stemOf } from "../stack/script-names.ts";
import { type Home, type Project, readProject } from "../stack/stacks.ts";
import { EXAMPLE } from "../template.ts";
import type { Command } from "./command.ts";

const Kinds = z.enum(["worker", "site", "project"]);
const Values = z.object({ project: z.string().optional() });
/** Started by hand, on a stack that is chosen from a list. */
const WITH_CHOICES = [".github/workflows/rollback.yml", ".github/workflows/resume.yml"];

export const command: Command = {
  usage: "new -- <worker|site|project> <name> [--project PROJECT]",
  examples: [
    "npm run new -- worker greeter",
    "npm run new -- site docs",
    "npm run new -- project shop",
    "npm run new -- worker cart --project shop",
  ],
  positionals: ["kind", "name"],
  options: { project: { type: "string" } },
  async run({ root, reporter }, { values, positionals: [given, name] }) {
    const kind = Kinds.safeParse(given).data;
    const wanted = Values.parse(values).project;
    if (!kind || name === undefined || (kind === "project" && wanted !== undefined)) {
      throw new UserError(
        "usage",
        "Say what to add, a worker, a site or a project, and its name.",
        `Usage: npm run ${this.usage}`,
        EXIT.usage,
      );
    }
    const project = readProject(root);
    const home = requireHome(project, wanted);
    checkName(home.dir, kind, name, {
      projects: project.homes.map((each) => each.project),
      sameScript: scriptsOf(root, project.homes).find(({ stem }) => stem === stemOf(home, name))?.folder,
    });
    const { written, next } = ADD[kind](project, home, name);
    reporter.say([...written.map((file) => `  ${file}`), "", ...next].join("\n"));
    return { outcome: "succeeded", files: written };
  },
};

type Add = (project: Project, home: Home, name: string) => { written: string[]; next: string[] };

const ADD: Record<z.infer<typeof Kinds>, Add> = {
  worker({ root }, { dir, stacks }, name) {
    const folder = relative(root, dir);
    const dates = findParts(root).workers.flatMap(({ config }) =>
      typeof config.compatibility_date === "string" ? [config.compatibility_date] : [],
    );
    const date = dates.toSorted().at(-1) ?? new Date().toISOString().slice(0, 10);
    const place = join(folder, "workers", name);
    return {
      written: writeNew(root, workerFiles(name, date, folder)),
      next: [
        partOf(`worker ${name}`, stacks),
        `  npm test -- ${place}`,
        `  npx wrangler dev --config ${place}/wrangler.jsonc`,
      ],
    };
  },
  site({ root }, { dir, stacks }, name) {
    return {
      written: writeNew(root, siteFiles(name, securityTxt(root), relative(root, dir))),
      next: [partOf(`site ${name}`, stacks), "  npm test -- sites"],
    };
  },
  project({ root, homes: [{ infraDir }] }, _home, name) {
    const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
    const ofRoot = (file: string) => readFileSync(join(infraDir, file), "utf8");
    const files = projectFiles(name, {
      project: ofRoot("Pulumi.yaml"),
      stacks: { dev: ofRoot("Pulumi.dev.yaml"), prod: ofRoot("Pulumi.prod.yaml") },
      workflows: {
        dev: read(".github", "workflows", "deploy-dev.yml"),
        prod: read(".github", "workflows", "release-prod.yml"),
      },
      securityTxt: securityTxt(root),
      example: { image: EXAMPLE.image, releaseKey: EXAMPLE.releaseKey },
    });
    const written = writeNew(root, files);
    for (const file of WITH_CHOICES) replaceIn(root, file, (text) => withChoices(text, name));
    return {
      written: [...written, ...WITH_CHOICES],
      next: [
        `The project ${name} has the stacks ${name}-dev, which follows main, and ${name}-prod, which follows the tags ${name}-v*. Then:`,
        `  edit projects/${name}/infra/Pulumi.${name}-dev.yaml and its -prod: the app's image, the size, the domain`,
        "  npm run setup",
      ],
    };
  },
};

function partOf(what: string, stacks: readonly string[]): string {
  return `The ${what} is part of ${stacks.join(" and ")} from their next deployment on. To try it first:`;
}

/** That of the website: its contact and date hold for a new site too. */
function securityTxt(root: string): string | undefined {
  const file = join(root, "sites", "www", ".well-known", "security.txt");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function requireHome({ homes }: Project, wanted: string | undefined): Home {
  const home = wanted === undefined ? homes[0] : homes.find(({ project }) => project === wanted);
  if (home) return home;
  throw new UserError(
    "project-unknown",
    `There is no project ${wanted}.`,
    `Name one of: ${homes.map(({ project }) => project).join(", ")}; or make it first: npm run new -- project ${wanted}`,
    EXIT.usage,
  );
}
