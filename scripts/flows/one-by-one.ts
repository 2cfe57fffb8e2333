import { z } from "zod";
import type { AwaitedServer, UntilHealthy } from "../../infra/src/awaited-server.ts";
import type { Change } from "../change/model.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { SERVER } from "../recovery/start-servers.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { askOnce, serverUp, verify } from "../release/verify.ts";
import { outputsBefore, rawOutputs } from "../stack/outputs.ts";
import type { Preview } from "../stack/preview.ts";
import type { OpenedStack } from "./environment.ts";
import { announce } from "./release-record.ts";

const Outputs = z.object({
  image: z.string(),
  servers: z.array(z.object({ healthHostname: z.string() })).min(2),
  releaseRecord: z.object({ publicKey: z.string() }),
});

/**
 * Lets an update change one of several servers after the other, each once the one before it runs the app, so that the stack
 * is never without a server: what the program waits for (infra/program.ts).
 *
 * @param last the release that the servers run; a new server has to run it too before the next one's turn
 * @param recordIsLast whether that is what the release record says now
 * @param limitMs how long each may take
 * @returns undefined where nobody has to wait: one server, none that is touched, or none that is healthy now
 */
export async function oneByOne(
  context: Context,
  stack: OpenedStack,
  { change, events }: Preview,
  last: ReleaseManifest | undefined,
  recordIsLast: boolean,
  limitMs: number,
): Promise<UntilHealthy | undefined> {
  const { data: wanted } = Outputs.safeParse(rawOutputs(events));
  const touched = touchedServers(change);
  const before = outputsBefore(events);
  if (!wanted || !before || touched.size === 0 || !last?.image) return undefined;
  // A new server takes images of this name alone, and the others those of the last one.
  if (nameOf(last.image) !== nameOf(wanted.image)) return undefined;
  const problems = await Promise.all(
    before.servers.map(({ healthHostname }) =>
      askOnce(serverUp({ name: "", healthHostname }), context.signal),
    ),
  );
  if (!problems.includes(undefined)) return undefined;

  let announced = recordIsLast && last.releaseKey === wanted.releaseRecord.publicKey;
  return async (server: AwaitedServer) => {
    if (!touched.has(server.name)) return;
    if (!announced) {
      // By the new key, where there is one: a new server believes no other, and the others keep what they run.
      const { publicKey } = wanted.releaseRecord;
      const outputs = { ...before, releaseRecord: { ...before.releaseRecord, publicKey } };
      await announce(context, stack, outputs, last.id, last.image);
      announced = true;
    }
    const { signal } = context;
    const [result] = await verify([serverUp(server)], { limitMs, signal });
    if (result?.ok) return;
    throw new UserError(
      "server-unhealthy",
      `${server.name} does not run the app ${Math.round(limitMs / 1000)} s after it was made or changed (${result?.problem}), so that no other server was touched, and no visitor is sent to it.`,
      `Look at https://${server.healthHostname}/_release and mend what it names, then run the job again.`,
      EXIT.failed,
    );
  };
}

/** Servers that are made, replaced or resized, and those that visitors are to be sent to again, by their short names. */
function touchedServers({ steps }: Change): Set<string> {
  return new Set(
    steps.flatMap(({ type, name, operation, diffs }) => {
      const made = operation === "create" || operation === "replace";
      if (type === SERVER)
        return made || (operation === "update" && diffs.some(({ path }) => path === "serverType"))
          ? [name]
          : [];
      const [, server] = /^app-(\w+)-a(?:aaa)?$/.exec(name) ?? [];
      return made && server !== undefined ? [server] : [];
    }),
  );
}

function nameOf(image: string): string {
  return image.replace(/@.*/, "");
}
