import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { runEngine } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import type { StackTarget } from "./target.ts";

const Properties = z.record(z.string(), z.unknown());

/** A resource as the state has it. What is not named here is carried along as it is. */
const StateResource = z.looseObject({
  urn: z.string(),
  custom: z.boolean().default(false),
  type: z.string(),
  id: z.string().optional(),
  inputs: Properties.optional(),
  outputs: Properties.optional(),
  parent: z.string().optional(),
  provider: z.string().optional(),
  /** Replaced already; the engine deletes it at the next update. */
  delete: z.boolean().optional(),
});
export type StateResource = z.infer<typeof StateResource>;

const PendingOperation = z.looseObject({
  resource: StateResource,
  type: z.enum(["creating", "updating", "deleting", "reading", "importing"]).or(z.string()),
});
export type PendingOperation = z.infer<typeof PendingOperation>;

/** What `pulumi stack export` prints (https://www.pulumi.com/docs/iac/concepts/state-and-backends/): secrets encrypted, all else plain. */
export const Checkpoint = z.looseObject({
  version: z.number(),
  deployment: z.looseObject({
    resources: z
      .array(StateResource)
      .nullish()
      .transform((list) => list ?? []),
    pending_operations: z
      .array(PendingOperation)
      .nullish()
      .transform((list) => list ?? []),
  }),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** Reads a stack's state. Takes no lock. */
export async function exportCheckpoint(target: StackTarget): Promise<Checkpoint> {
  try {
    const { stdout } = await runEngine(target, ["stack", "export", "--stack", target.name]);
    return Checkpoint.parse(JSON.parse(stdout));
  } catch (error) {
    throw engineFailure("open", target.name, [], error);
  }
}

/**
 * Puts a state in the place of the stack's own. The engine checks that it is whole (no parent or dependency is missing) and
 * that it can read its secrets.
 *
 * @throws UserError `state-unfit` where the engine does not take it, or what {@link engineFailure} makes of its refusal
 */
export async function importCheckpoint(target: StackTarget, checkpoint: Checkpoint): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "state-"));
  try {
    const file = join(folder, "state.json");
    writeFileSync(file, JSON.stringify(checkpoint), { mode: 0o600 });
    await runEngine(target, ["stack", "import", "--stack", target.name, "--file", file]);
  } catch (error) {
    const failure = engineFailure("open", target.name, [], error);
    if (!(failure instanceof UserError) || failure.code !== "engine-failed") throw failure;
    throw new UserError(
      "state-unfit",
      `The engine does not take this state for stack ${target.name}:\n${failure.message}`,
      "The stack's own state is as it was. Take another backup, or look at the resource that is named.",
      1,
      { cause: error },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
