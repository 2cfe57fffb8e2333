import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { HAZARD_RULES } from "../change/hazards/index.ts";
import type { HazardRule } from "../change/hazards/rule.ts";
import { EXIT, messageOf, UserError } from "../errors.ts";

/** A team's own rules, one a file. */
const FOLDER = ".rules";

const Rule = z.object({
  rule: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be in kebab-case"),
  severity: z.enum(["data-loss", "outage", "security", "cost"]),
  about: z.string().min(1),
  ofStep: z.custom<HazardRule["ofStep"]>((value) => typeof value === "function").optional(),
  ofChange: z.custom<HazardRule["ofChange"]>((value) => typeof value === "function").optional(),
});
const RuleFile = z.object({
  default: Rule.refine(({ ofStep, ofChange }) => ofStep || ofChange, "needs ofStep or ofChange"),
});

/**
 * The rules of this repository, those that come with it and the team's own: every file of `.rules/` whose default export is
 * a {@link HazardRule}.
 *
 * @throws UserError `rule-invalid` that names the file
 */
export async function hazardRules(root: string): Promise<readonly HazardRule[]> {
  const folder = join(root, FOLDER);
  if (!existsSync(folder)) return HAZARD_RULES;
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort();
  const own = await Promise.all(
    files.map(async (name) => {
      const file = `${FOLDER}/${name}`;
      const module: unknown = await import(pathToFileURL(join(folder, name)).href).catch((error: unknown) => {
        throw invalid(file, messageOf(error), error);
      });
      const parsed = RuleFile.safeParse(module);
      if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error));
      return parsed.data.default;
    }),
  );
  const names = new Set<string>();
  for (const { rule } of [...HAZARD_RULES, ...own]) {
    if (names.has(rule)) throw invalid(FOLDER, `two rules are called ${rule}`);
    names.add(rule);
  }
  return [...HAZARD_RULES, ...own];
}

function invalid(file: string, problem: string, cause?: unknown): UserError {
  return new UserError(
    "rule-invalid",
    `${file} is no rule: ${problem}.`,
    "Export a HazardRule as default, as .rules/mail-records.ts does; docs/hazards.md says what belongs into one.",
    EXIT.usage,
    { cause },
  );
}
