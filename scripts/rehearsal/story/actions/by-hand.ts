import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { openSsh } from "../drift.ts";
import { differences, footprints } from "../footprint.ts";
import type { Scene } from "../scene.ts";
import { keepRun } from "./keep-run.ts";
import type { ActionsMemory } from "./memory.ts";
import { dispatchRun } from "./runs.ts";

/** What a person starts with GitHub's own program, and what the workflow's jobs end with. */
interface Start {
  /** As the documentation has it, letter for letter. */
  line: string;
  /** What a reader puts in for the examples in it. */
  given?: Readonly<Record<string, string>>;
  /** The job whose outcome it is, and that outcome; none where the job hands nothing on. */
  ends: { job: string; outcome?: string };
  /** Whether somebody has opened a port by hand before. */
  drifted?: true;
}

const WORDS = { "<the words of the message>": "allow:cost-above:prod@0123456789ab" };

/** Every `gh workflow run` of the documentation, in the order in which one stack can take them. */
export const STARTED_BY_HAND: readonly Start[] = [
  {
    line: "gh workflow run rollback.yml -f stack=prod -f dry-run=true",
    ends: { job: "deploy", outcome: "dry-run" },
  },
  {
    line: "gh workflow run rollback.yml -f stack=prod -f release=prod-v1.3.0",
    given: { "prod-v1.3.0": "prod-v1.1.0" },
    ends: { job: "deploy", outcome: "succeeded" },
  },
  {
    line: "gh workflow run rollback.yml -f stack=prod -f release=prod-v1.3.0 -f scope=edge",
    given: { "prod-v1.3.0": "prod-v1.0.0" },
    ends: { job: "deploy", outcome: "succeeded" },
  },
  {
    line: "gh workflow run rollback.yml -f stack=prod -f release=prod-v1.3.0 -f allow='<the words of the message>'",
    given: { "prod-v1.3.0": "prod-v1.0.0", ...WORDS },
    ends: { job: "deploy", outcome: "succeeded" },
  },
  { line: "gh workflow run resume.yml -f stack=prod", ends: { job: "deploy", outcome: "succeeded" } },
  {
    line: "gh workflow run release-prod.yml --ref v1.4.0 -f allow='<the words of the message>'",
    given: WORDS,
    ends: { job: "deploy", outcome: "succeeded" },
  },
  { line: "gh workflow run drift.yml", ends: { job: "drift" } },
  {
    line: "gh workflow run drift.yml -f stack=prod -f fix=true",
    drifted: true,
    ends: { job: "drift", outcome: "drifted" },
  },
];

export const byHand: Scene<ActionsMemory> = {
  name: "actions-by-hand",
  title: "What the playbook starts by hand does what it says there",
  tells:
    "Each “gh workflow run” of the documentation, with its inputs: the rollbacks, the way forward again, a release with words that allow something, the check and the way back from what it finds.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    await stage.checkout.git("tag", "v1.4.0", sha);
    await stage.checkout.git("push", "--quiet", "origin", "v1.4.0");
    for (const start of STARTED_BY_HAND) {
      const { line, given = {}, ends, drifted } = start;
      const { workflow, ref, inputs } = readStart(stage, fill(line, given));
      const before = await footprints(stage);
      const close = drifted ? await openSsh(stage) : undefined;
      const run = await dispatchRun(stage, { workflow, ref, sha, inputs });
      keepRun(
        notes,
        { ...run, name: line },
        {
          [ends.job]: { result: "success", ...(ends.outcome ? { outputs: { outcome: ends.outcome } } : {}) },
        },
      );
      await close?.();
      if (ends.outcome !== "succeeded") {
        const touched = differences(before.prod, (await footprints(stage)).prod);
        notes.expect("Prod is as it was", touched.length === 0, touched);
      }
    }
    const runs = await stage.github.dispatched();
    notes.expect(
      "The fix has started the release of v1.4.0 once more",
      runs.some(({ path, branch }) => path.endsWith("release-prod.yml") && branch === "v1.4.0"),
      runs,
    );
  },
};

function fill(line: string, given: Readonly<Record<string, string>>): string {
  return Object.entries(given).reduce((text, [example, own]) => text.replaceAll(example, own), line);
}

const Form = z.object({
  on: z.object({
    workflow_dispatch: z
      .object({
        inputs: z
          .record(z.string(), z.object({ default: z.union([z.string(), z.boolean()]).default("") }))
          .default({}),
      })
      .nullable(),
  }),
});

/** What GitHub makes of the command line: the inputs that are not named have the workflow's own defaults. */
function readStart(
  { checkout }: Stage,
  line: string,
): { workflow: string; ref: string; inputs: Record<string, string> } {
  const words = [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
  const [, , , workflow = "", ...options] = words;
  const form = Form.parse(parse(readFileSync(join(checkout.dir, ".github/workflows", workflow), "utf8")));
  const inputs = Object.fromEntries(
    Object.entries(form.on.workflow_dispatch?.inputs ?? {}).map(([name, input]) => [
      name,
      String(input.default),
    ]),
  );
  let ref = "refs/heads/main";
  for (let index = 0; index < options.length; index += 2) {
    const value = options[index + 1] ?? "";
    if (options[index] === "--ref") ref = `refs/tags/${value}`;
    else inputs[value.replace(/=.*$/s, "")] = value.replace(/^[^=]*=/, "");
  }
  return { workflow, ref, inputs };
}
