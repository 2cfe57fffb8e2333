import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { WorkerSource } from "./parts.ts";
import { type RolloutTools, rollOut } from "./rollout.ts";
import type { RolloutSettings } from "./rollout-settings.ts";
import { configFile, type DeployedWorker } from "./worker.ts";
import type { Wrangler } from "./wrangler.ts";

/** How, and with what, new versions of Workers get their traffic step by step. */
export interface GradualRollout {
  settings: RolloutSettings;
  tools: RolloutTools;
  /** The newest Durable Object migration that a version knows; undefined where it knows none. */
  migrationOf(scriptName: string, versionId: string): Promise<string | undefined>;
}

/**
 * Deploys a Worker so that its new version gets the traffic step by step, and the old one all of it back where the new one is
 * not fit. All at once where the stack wants it so, and, saying so, where there is nothing to go back to: a Worker's first
 * version, and a Durable Object migration, which Cloudflare applies for all versions together.
 *
 * @returns what is live, and how it came there in a few words
 * @throws UserError `rollout-returned`
 */
export async function deployGradually(
  rollout: GradualRollout | undefined,
  order: {
    worker: WorkerSource;
    /** What is live of it. */
    before: DeployedWorker | undefined;
    outputs: Pick<StackOutputs, "accountId">;
    wrangler: Wrangler;
    /** Uploads the Worker by a command of wrangler, `deploy` where none is given. */
    upload(command?: readonly string[]): Promise<DeployedWorker>;
    note(text: string): void;
  },
): Promise<{ deployed: DeployedWorker; how: string }> {
  const { worker, before, outputs, wrangler, upload, note } = order;
  const atOnce = async (how: string) => ({ deployed: await upload(), how });
  if (!rollout) return atOnce("");
  const { settings, tools, migrationOf } = rollout;
  if (!before) return atOnce("all at once, as there is no version of the last release to go back to");
  const migration = newestMigration(worker);
  if (migration !== undefined && migration !== (await migrationOf(before.scriptName, before.versionId)))
    return atOnce(`all at once, as it brings the Durable Object migration ${migration}`);
  const deployed = await upload(["versions", "upload"]);
  const { scriptName, versionId } = deployed;
  await rollOut(
    { worker: worker.name, scriptName, from: before.versionId, to: versionId },
    settings,
    tools,
    note,
  );
  note("all of the traffic");
  // By wrangler: with the traffic it brings the script's own settings, and then routes, schedules and domains.
  const config = ["--config", configFile(worker, scriptName)];
  await wrangler.run(["versions", "deploy", `${versionId}@100%`, ...config, "--yes"], outputs.accountId);
  await wrangler.run(["triggers", "deploy", ...config], outputs.accountId);
  return { deployed, how: `all of the traffic, after ${settings.steps.join(" and ")} %` };
}

function newestMigration({ config }: WorkerSource): string | undefined {
  const migrations = config.migrations;
  if (!Array.isArray(migrations)) return undefined;
  const last = migrations.at(-1) as unknown;
  return typeof last === "object" && last !== null && "tag" in last ? String(last.tag) : undefined;
}
