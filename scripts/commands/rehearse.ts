import { writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import type { Chapter } from "../rehearsal/story/chapter.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  scene: z.string().optional(),
  chapter: z.string().optional(),
  actions: z.boolean().default(false),
  vm: z.boolean().default(false),
  all: z.boolean().default(false),
  keep: z.boolean().default(false),
  dir: z.string().default(".rehearsal"),
  plugins: z.enum(["stand-ins", "real"]).default("stand-ins"),
});

export const command: Command = {
  usage:
    "rehearse -- [--chapter NAME] [--actions] [--vm] [--all] [--scene NAME] [--keep] [--dir DIR] [--plugins stand-ins|real]",
  examples: [
    "npm run rehearse",
    "npm run rehearse -- --actions",
    "npm run rehearse -- --vm",
    "npm run rehearse -- --scene merge --keep",
    "npm run rehearse -- --all",
  ],
  positionals: [],
  options: {
    chapter: { type: "string" },
    actions: { type: "boolean" },
    vm: { type: "boolean" },
    all: { type: "boolean" },
    scene: { type: "string" },
    dir: { type: "string" },
    keep: { type: "boolean" },
    plugins: { type: "string" },
  },
  async run(context, { values }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const { scene, keep, plugins } = parsed.data;
    const chapters = await chosenChapters(parsed.data);
    const dir = resolve(context.root, parsed.data.dir);
    // Whatever is in the folder is deleted, and only these names are left alone by git, Biome and vitest.
    if (dirname(dir) !== context.root || !basename(dir).startsWith(".rehearsal")) {
      throw new UserError(
        "usage",
        `A rehearsal can't be played in ${parsed.data.dir}.`,
        "Name a folder of the repository whose name begins with .rehearsal.",
        EXIT.usage,
      );
    }
    const { tellOutcome } = await import("../rehearsal/tell.ts");
    const { play } = await import("../rehearsal/play.ts");
    const { assertPassed } = await import("../rehearsal/verdict.ts");
    const { renderReport } = await import("../rehearsal/report/report.ts");
    const rehearsal = await play({
      root: context.root,
      dir,
      chapters,
      until: scene,
      keep,
      plugins,
      signal: context.signal,
      reporter: context.reporter,
      async write(played) {
        writeFileSync(join(dir, "report.json"), `${JSON.stringify(played, undefined, 2)}\n`);
        writeFileSync(join(dir, "index.html"), await renderReport(played, dir));
        context.reporter.say(`\n${tellOutcome(played)}\nThe report: ${parsed.data.dir}/index.html`);
      },
    });
    assertPassed(rehearsal, parsed.data.dir);
    return {
      outcome: "succeeded",
      report: join(dir, "report.json"),
      seconds: rehearsal.seconds,
      expectations: rehearsal.scenes.flatMap(({ expectations }) => expectations).length,
    };
  },
};

/** The chapters to play: all, the named one, the one that the named scene is in, or the first. */
async function chosenChapters(values: z.infer<typeof Values>): Promise<readonly Chapter[]> {
  const { all, scene } = values;
  const named = values.actions ? "actions" : values.vm ? "server" : undefined;
  const chapter = values.chapter ?? named;
  const { CHAPTERS, chapterOfScene } = await import("../rehearsal/story/chapters.ts");
  if ([all, chapter !== undefined, scene !== undefined].filter(Boolean).length > 1) {
    throw new UserError(
      "usage",
      "--all, --chapter and --scene exclude each other.",
      "Name one of them; a scene is played with what comes before it in its chapter.",
      EXIT.usage,
    );
  }
  if (all) return CHAPTERS;
  if (scene !== undefined) {
    const found = chapterOfScene(scene);
    if (found) return [found];
    const names = CHAPTERS.flatMap(({ scenes }) => scenes.map(({ name }) => name)).join(", ");
    throw new UserError("scene-unknown", `There is no scene ${scene}.`, `Name one of: ${names}.`, EXIT.usage);
  }
  const found = CHAPTERS.filter(({ name }) => name === (chapter ?? CHAPTERS[0]?.name));
  if (found.length > 0) return found;
  const names = CHAPTERS.map(({ name }) => name).join(", ");
  throw new UserError(
    "chapter-unknown",
    `There is no chapter ${chapter}.`,
    `Name one of: ${names}.`,
    EXIT.usage,
  );
}
