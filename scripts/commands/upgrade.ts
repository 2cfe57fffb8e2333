import { z } from "zod";
import { EXIT } from "../errors.ts";
import { tellUpgrade } from "../upgrade/tell.ts";
import { upgrade } from "../upgrade/upgrade.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  check: z.boolean().default(false),
  from: z.string().optional(),
  base: z.string().optional(),
});

export const command: Command = {
  usage: "upgrade -- [--check] [--from ADDRESS] [--base COMMIT]",
  examples: ["npm run upgrade -- --check", "npm run upgrade"],
  positionals: [],
  options: { check: { type: "boolean" }, from: { type: "string" }, base: { type: "string" } },
  async run(context, { values }) {
    const { check, from, base } = Values.parse(values);
    const result = await upgrade(context, { check, from, base });
    context.reporter.say(tellUpgrade(result));
    return { ...result, ...(result.outcome === "conflicts" ? { exitCode: EXIT.failed } : {}) };
  },
};
