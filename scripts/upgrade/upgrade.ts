import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { type Comparison, compare, linkTo } from "./compare.ts";
import { type Git, gitIn } from "./git.ts";
import { merge } from "./merge.ts";
import { findBase, readTemplate, TEMPLATE_FILE } from "./template.ts";

export interface UpgradeOrder {
  /** Changes nothing. */
  check: boolean;
  /** The template's address, where nobody has written it down yet. */
  from: string | undefined;
  /** The template's commit that this repository began with, where it can't be found. */
  base: string | undefined;
}

export interface Upgrade extends Comparison {
  outcome: "up-to-date" | "changes" | "merged" | "conflicts";
  from: string;
  base: string;
  /** The template's newest commit. */
  upstream: string;
  branch?: string;
}

/**
 * Looks what the template has changed since this repository was made from it, or was upgraded, and merges that on a branch of its own.
 * What was changed here stays; where both sides have changed the same lines, a person decides.
 *
 * @throws UserError `upgrade-source`, `upgrade-base-unknown`, `upgrade-unclean`
 */
export async function upgrade(context: Context, order: UpgradeOrder): Promise<Upgrade> {
  const git = gitIn(context.root, context.env);
  const recorded = readTemplate(context.root);
  const from = order.from ?? recorded?.from;
  if (from === undefined)
    throw new UserError(
      "upgrade-source",
      `Nobody has said which template this repository was made from: there is no ${TEMPLATE_FILE}.`,
      "Name its address once, npm run upgrade -- --from <address>; it is written down then.",
      EXIT.usage,
    );
  if (!order.check) await assertClean(git);
  const upstream = await context.reporter.step(`Fetch ${from}`, () => fetchFrom(git, from));
  const base = order.base ?? recorded?.base ?? (await findBase(git, upstream));
  if (base === undefined || !(await git.ask("cat-file", "-e", `${base}^{commit}`)).ok)
    throw new UserError(
      "upgrade-base-unknown",
      base === undefined
        ? `No commit of ${from} has the files that this repository began with.`
        : `${from} has no commit ${base}.`,
      "Name the template's commit that it was made from, about the newest one of that day: npm run upgrade -- --base <commit>",
      EXIT.usage,
    );
  const link = await linkTo(git, base);
  const comparison = await compare(git, base, link, upstream);
  const found = { ...comparison, from, base, upstream };
  if (base === upstream || comparison.changed.length === 0) return { ...found, outcome: "up-to-date" };
  if (order.check) return { ...found, outcome: "changes" };
  const branch = `upgrade-${upstream.slice(0, 7)}`;
  const ended = await merge(git, context.root, { branch, link, template: { from, base: upstream } });
  return { ...found, branch, outcome: ended === "merged" ? "merged" : "conflicts" };
}

async function assertClean(git: Git): Promise<void> {
  const changed = await git.run("status", "--porcelain");
  if (changed === "") return;
  throw new UserError(
    "upgrade-unclean",
    `There are changes that are not committed:\n${changed}`,
    "Commit or stash them first, so that the merge stands by itself. Nothing was touched.",
    EXIT.stopped,
  );
}

async function fetchFrom(git: Git, from: string): Promise<string> {
  const { ok, error } = await git.ask("fetch", "--quiet", "--no-tags", from, "HEAD");
  if (ok) return git.run("rev-parse", "FETCH_HEAD");
  throw new UserError(
    "upgrade-source",
    `git can't fetch ${from}: ${error.trim()}`,
    `Mend the address in ${TEMPLATE_FILE}, or name another one with --from. Nothing was touched.`,
    EXIT.usage,
  );
}
