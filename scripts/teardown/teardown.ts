import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { openStackTarget } from "../flows/environment.ts";
import { ProviderRefusal, type RestApi } from "../providers/rest.ts";
import type { Bench } from "../setup/bench.ts";
import { clients } from "../setup/clients.ts";
import { destroyStack } from "../stack/destroy.ts";
import { outputsFromState } from "../stack/outputs.ts";
import { type AccountPart, accountParts, otherStacks } from "./accounts.ts";
import { backUp } from "./backup.ts";
import { cloudflareLeftovers, hetznerLeftovers, type Leftover } from "./leftovers.ts";

export interface TornDown {
  /** Where the backup is, relative to the repository. */
  backup: string;
  /** Resources that the engine deleted. */
  deleted: number;
  /** What else was taken away. */
  removed: string[];
}

/**
 * Takes a stack away, whole: backs up, deletes the Workers and all that the engine made, then what the set-up made for it,
 * and lists the clouds to prove it.
 *
 * @param confirm asks whether to go on, with everything that will be gone before the eyes
 * @throws UserError `teardown-unconfirmed` (exit code 3, nothing was touched), `teardown-left` with what still stands
 */
export async function tearDown(
  context: Context,
  bench: Bench,
  stack: string,
  confirm: (lines: string[]) => Promise<boolean>,
): Promise<TornDown> {
  const { reporter, signal } = context;
  const { project } = bench;
  const opened = await openStackTarget(context, project, stack, "deploy");
  const cloudflare = clients.cloudflare(bench, opened.secrets.require("CLOUDFLARE_API_TOKEN"));
  const hetzner = clients.hetzner(bench, opened.secrets.require("HCLOUD_TOKEN"));
  const outputs = await outputsFromState(opened.target).catch((error: unknown) => {
    // A stack that was never applied whole has none, and is taken away all the same.
    if (error instanceof UserError && error.code === "outputs-incomplete") return undefined;
    throw error;
  });
  const others = await otherStacks(bench, stack);
  const [parts, standing] = await Promise.all([
    accountParts(bench, stack, others.length === 0),
    leftovers(hetzner, cloudflare, opened.target.project, stack, outputs),
  ]);
  const lines = [
    ...standing.map(({ cloud, kind, name }) => `${cloud}: ${kind} ${name}`),
    ...parts.map(({ what }) => what),
  ];
  if (!(await confirm(lines)))
    throw new UserError(
      "teardown-unconfirmed",
      `${stack} stays as it is: its name was not given.`,
      `Type the stack's name when you are asked, or say --confirm ${stack}. Nothing was touched.`,
      EXIT.stopped,
    );

  const backup = await reporter.step("Backup of the state and the zone's records", () =>
    backUp(context.root, opened.target, cloudflare, outputs?.zone.id, context.now()),
  );
  // Before the stores that they use: Cloudflare refuses to delete a queue that has a consumer.
  await removeScripts(context, cloudflare, outputs);
  const { deleted } = await reporter.step(
    `Everything of ${stack}`,
    (note) => destroyStack(opened.target, { signal, onProgress: (done, name) => note(`${done} ${name}`) }),
    (result) => `${result.deleted} deleted`,
  );
  // The secrets go last: until then the same command goes on where it stopped.
  for (const { what, remove } of ordered(parts)) await reporter.step(what, remove);
  const left = await reporter.step("Look whether anything is left", () =>
    leftovers(hetzner, cloudflare, opened.target.project, stack, outputs),
  );
  if (left.length > 0)
    throw new UserError(
      "teardown-left",
      `${stack} is taken down, and this still stands:\n${left.map(({ cloud, kind, name }) => `  ${cloud}: ${kind} ${name}`).join("\n")}`,
      "Delete it in the provider's console; what stands at Hetzner is paid for.",
    );
  return { backup, deleted, removed: parts.map(({ what }) => what) };
}

async function leftovers(
  hetzner: RestApi,
  cloudflare: RestApi,
  project: string,
  stack: string,
  outputs: StackOutputs | undefined,
): Promise<Leftover[]> {
  const found = await Promise.all([
    hetznerLeftovers(hetzner, project, stack),
    outputs ? cloudflareLeftovers(cloudflare, outputs) : [],
  ]);
  return found.flat();
}

/** The scripts that the deployments uploaded; the engine does not know of them. */
async function removeScripts(
  context: Context,
  api: RestApi,
  outputs: StackOutputs | undefined,
): Promise<void> {
  for (const { scriptName } of Object.values(outputs?.workers ?? {})) {
    const path = `/accounts/${outputs?.accountId}/workers/scripts/${scriptName}?force=true`;
    await context.reporter.step(`Worker ${scriptName}`, async () => {
      const answer = await api.ask("DELETE", path);
      // Nobody has deployed it yet, or it is gone already.
      if (answer.status === 404 || answer.status < 300) return;
      throw new ProviderRefusal(api.service, { method: "DELETE", path, ...answer });
    });
  }
}

/** Places of secrets after everything that needs one. */
function ordered(parts: AccountPart[]): AccountPart[] {
  const last = ({ what }: AccountPart) => Number(/ESC environment|secrets|GitHub Environment/.test(what));
  return parts.toSorted((a, b) => last(a) - last(b));
}
