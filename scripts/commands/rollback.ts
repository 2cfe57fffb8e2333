import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { showForecast } from "../flows/publish-rollback.ts";
import { planDatabaseRestore } from "../flows/restore-database.ts";
import { rollback } from "../flows/rollback.ts";
import { renderWhatRuns } from "../flows/what-runs.ts";
import { appendSummary, setOutput } from "../github/output.ts";
import { SCOPES } from "../release/manifest.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import { APPROVAL_OPTION, APPROVAL_VALUE } from "./approval-option.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  // A workflow hands an input that was left empty on as it is.
  to: z
    .string()
    .transform((id) => id || undefined)
    .optional(),
  scope: z.enum(SCOPES).default("all"),
  "dry-run": z.boolean().default(false),
  refresh: z.boolean().default(false),
  ...APPROVAL_VALUE,
  "restore-database": z.boolean().default(false),
  confirm: z.string().optional(),
  "verify-limit": z.coerce.number().positive().default(300),
});

export const command: Command = {
  usage: `rollback -- <stack> [--to RELEASE] [--scope ${SCOPES.join("|")}] [--dry-run] [--allow WORDS] [--refresh] [--restore-database --confirm STACK]`,
  examples: [
    "npm run rollback -- prod --dry-run",
    "npm run rollback -- prod --to prod-v1.3.0",
    "npm run rollback -- prod --scope edge",
  ],
  positionals: ["stack"],
  options: {
    to: { type: "string" },
    scope: { type: "string" },
    "dry-run": { type: "boolean" },
    ...APPROVAL_OPTION,
    refresh: { type: "boolean" },
    "restore-database": { type: "boolean" },
    confirm: { type: "string" },
    "verify-limit": { type: "string" },
  },
  async run(context, { values, positionals }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const project = readProject(context.root);
    const name = requireStack(project, positionals[0]);
    const caller = identifyCaller(context);
    const run = caller.event?.runId ?? Math.floor(context.now().getTime() / 1000);
    const { to, confirm } = parsed.data;
    const restore = parsed.data["restore-database"]
      ? await planDatabaseRestore(context, caller.releases, {
          stack: await openStackTarget(context, project, name, "deploy"),
          to,
          confirm,
          dryRun: parsed.data["dry-run"],
        })
      : undefined;
    const result = await rollback(context, caller.releases, {
      open: (root) => openStackTarget({ ...context, root }, readProject(root), name, "deploy"),
      stackName: name,
      updates: caller.updates,
      to: parsed.data.to,
      scope: parsed.data.scope,
      dryRun: parsed.data["dry-run"],
      refresh: parsed.data.refresh,
      allowed: parsed.data.allow,
      show: (forecast) => showForecast(context, forecast),
      releaseId: (target) => `${name}-rollback-${run}-${target.sha.slice(0, 7)}`,
      actor: caller.event?.actor ?? "local",
      runUrl: caller.event?.runUrl,
      verifyLimitMs: parsed.data["verify-limit"] * 1000,
    });
    // After the app: the old version on the new data works as a rule, and the new version on the old data does not.
    if (!parsed.data["dry-run"]) await restore?.apply();
    if (result.manifest) {
      setOutput("release", result.manifest.id, context.env);
      appendSummary(renderWhatRuns(result.manifest), context.env);
    }
    const outcome = result.manifest ? "succeeded" : parsed.data["dry-run"] ? "dry-run" : "nothing-to-do";
    context.reporter.say(
      result.manifest
        ? `${name} runs ${result.target.id} again; this rollback is release ${result.manifest.id}. Deployments wait until you resume: npm run resume -- ${name}`
        : "Nothing was changed.",
    );
    return {
      outcome,
      plan: result.plan,
      target: result.target.id,
      hazards: result.hazards,
      release: result.manifest,
      checks: result.checks,
    };
  },
};
