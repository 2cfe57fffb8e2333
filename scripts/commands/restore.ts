import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { restore } from "../flows/restore.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  from: z.string({ error: "--from names the backup's file" }),
  "dry-run": z.boolean().default(false),
});

export const command: Command = {
  usage: "restore -- <stack> --from FILE [--dry-run]",
  examples: [
    "npm run restore -- prod --from backup/prod/2026-11-20T120000.000Z-0123456.state.json --dry-run",
  ],
  positionals: ["stack"],
  options: { from: { type: "string" }, "dry-run": { type: "boolean" } },
  async run(context, { values, positionals }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const project = readProject(context.root);
    const name = requireStack(project, positionals[0]);
    const { updates } = identifyCaller(context);
    const stack = await openStackTarget(context, project, name, "deploy");
    const dryRun = parsed.data["dry-run"];
    const restored = await restore(context, { stack, updates, file: parsed.data.from, dryRun });
    const lines = [
      `Backup of ${restored.takenAt}, before the deployment of ${restored.sha.slice(0, 7)}:`,
      ...restored.back.map((urn) => `  back: ${label(urn)}`),
      ...restored.forgotten.map((urn) => `  not in it: ${label(urn)}`),
      dryRun
        ? "Nothing was changed."
        : `${name} has that state again. Deploy it now: what the state does not know is found in the clouds and taken over.`,
    ];
    context.reporter.say(`\n${lines.join("\n")}`);
    return { outcome: dryRun ? "dry-run" : "succeeded", ...restored };
  },
};

function label(urn: string): string {
  return urn.split("::").slice(-2).join(" ");
}
