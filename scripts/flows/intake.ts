import { hostsOf } from "../../infra/src/hosts.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { type DeadLetter, type Handled, type Intake, intake } from "../providers/intake.ts";
import { openSecrets } from "../secrets/open.ts";
import { homeOf, type Project, stackFile, stackSetting } from "../stack/stacks.ts";

/** Which parked messages are meant: one by its id, or all that are parked now. */
export type Which = { id: string } | "all";

/**
 * Connects to the intake Worker of a stack: its address from the stack's configuration, its operator key from where the
 * stack's secrets are. Asks neither the engine nor a cloud, so that it works while those do not.
 *
 * @throws UserError `secret-missing`, `project-unreadable`
 */
export async function openIntake(context: Context, project: Project, stack: string): Promise<Intake> {
  const secrets = await openSecrets(project.name, stack, "operate", context.env);
  const domain = stackSetting(project, stack, "domain");
  if (domain === undefined) {
    throw new UserError(
      "project-unreadable",
      `${stackFile(project, stack)} has no ${homeOf(project, stack).project}:domain.`,
      "Name the zone there.",
      EXIT.usage,
    );
  }
  const hosts = hostsOf({ domain, hostSuffix: stackSetting(project, stack, "hostSuffix") ?? "" });
  return intake(`https://${hosts.site("www")}/intake`, secrets.require("INTAKE_OPERATOR_KEY"));
}

/**
 * Replays or purges parked messages; of "all", those that were parked when it began, page by page.
 *
 * @param sure is asked once, before anything is touched, with what is parked
 * @throws UserError `dead-letter-unknown` when none has that id
 */
export async function handleDeadLetters(
  target: Intake,
  action: "replay" | "purge",
  which: Which,
  sure: (found: { letters: DeadLetter[]; total: number }) => Promise<void>,
): Promise<string[]> {
  const first = await target.deadLetters();
  const letters = which === "all" ? first.deadLetters : first.deadLetters.filter(({ id }) => id === which.id);
  // One that is not on the first page is looked for all the same.
  const ids = which === "all" ? letters.map(({ id }) => id) : [which.id];
  if (ids.length === 0) return [];
  await sure({ letters, total: which === "all" ? first.total : 1 });

  const done: string[] = [];
  let page = ids;
  while (page.length > 0) {
    const handled = await call(target, action, page);
    done.push(...handled.done);
    // A page of which nothing is handled would come again for ever.
    if (which !== "all" || handled.done.length === 0 || done.length >= first.total) break;
    const seen = new Set(done);
    // What was replayed and parked again meanwhile is not tried a second time.
    page = (await target.deadLetters()).deadLetters.map(({ id }) => id).filter((id) => !seen.has(id));
  }
  if (which !== "all" && done.length === 0) {
    throw new UserError(
      "dead-letter-unknown",
      `No message ${which.id} is parked.`,
      "List those that are; one that was replayed or purged is no longer there.",
      EXIT.usage,
    );
  }
  return done;
}

function call(target: Intake, action: "replay" | "purge", ids: string[]): Promise<Handled> {
  return action === "replay" ? target.replay(ids) : target.purge(ids);
}
