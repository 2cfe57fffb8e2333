import type { DatabaseBranch } from "../change/comment/view.ts";
import type { Context } from "../context.ts";
import { EXIT, messageOf, UserError } from "../errors.ts";
import type { Github } from "../github/client.ts";
import { DATABASE_LABEL, labelNames } from "../github/labels.ts";
import { neonApi } from "../providers/neon-api.ts";
import { type NeonBranch, type NeonProject, neonProject } from "../providers/neon-project.ts";
import { openPreviewDatabase, type PreviewDatabase } from "../secrets/preview-database.ts";
import { redact } from "../secrets/redaction.ts";
import type { Project } from "../stack/stacks.ts";

/** Whose data the branch begins with. Never prod's: whoever may push can open a pull request. */
const PARENT = "dev";
const DAYS_KEPT = 7;
const NAME = /^pr-(\d+)$/;

/**
 * Brings a pull request's database branch to what its labels ask for: made or kept for another week, or removed. Found by its name
 * alone, so that two runs at once don't make two. Removes the branches of pull requests that are closed, too.
 *
 * Never throws: a branch that could not be made fails no review.
 *
 * @returns the branch for the comment, and a sentence about what went wrong
 */
export async function databaseForPull(
  context: Context,
  project: Pick<Project, "name" | "stacks">,
  github: Github,
  pullRequest: number,
): Promise<{ database: DatabaseBranch | undefined; notes: string[] }> {
  try {
    const [names, place] = await Promise.all([
      labelNames(github, pullRequest),
      openPreviewDatabase(project.name, context.env),
    ]);
    const wanted = names.includes(DATABASE_LABEL);
    if (!place) {
      const notes = wanted
        ? [
            "The label database asks for a branch of the database, and there is no key of Neon's for it. The set-up makes one.",
          ]
        : [];
      return { database: undefined, notes };
    }
    const neon = neonProject(neonApi(place.key, place.baseUrl), place.project);
    const branches = await neon.branches();
    await removeClosed(context, github, neon, branches, pullRequest);
    if (!wanted) {
      await removeBranch(context, neon, branches, pullRequest);
      return { database: undefined, notes: [] };
    }
    const parent = parentOf(branches, project, place);
    const until = new Date(context.now().getTime() + DAYS_KEPT * 86_400_000);
    const { name, id } = await ensureBranch(neon, branches, parent, pullRequest, until);
    context.reporter.say(`Database branch of #${pullRequest}: ${name}`);
    return {
      database: {
        name,
        parent: PARENT,
        project: place.project,
        url: `https://console.neon.tech/app/projects/${encodeURIComponent(place.project)}/branches/${encodeURIComponent(id)}`,
        until: until.toISOString(),
      },
      notes: [],
    };
  } catch (error) {
    const text = `The pull request's database branch could not be looked after: ${redact(messageOf(error))}`;
    context.reporter.warn(text);
    return { database: undefined, notes: [text] };
  }
}

/** Removes the database branch of a pull request that is closed; its name, or undefined where there is none. */
export async function removePullDatabase(
  context: Context,
  project: Pick<Project, "name" | "stacks">,
  pullRequest: number,
): Promise<string | undefined> {
  const place = await openPreviewDatabase(project.name, context.env);
  if (!place) return undefined;
  const neon = neonProject(neonApi(place.key, place.baseUrl), place.project);
  return removeBranch(context, neon, await neon.branches(), pullRequest);
}

/** @throws UserError `preview-database-shared`, `preview-database-missing` */
function parentOf(
  branches: readonly NeonBranch[],
  { stacks }: Pick<Project, "stacks">,
  place: PreviewDatabase,
): NeonBranch {
  const other = branches.find(({ name }) => name !== PARENT && stacks.includes(name));
  if (other)
    throw new UserError(
      "preview-database-shared",
      `The Neon project ${place.project} has the data of ${other.name}, too: whoever opens a pull request could read and change them with its key.`,
      `Give ${PARENT} a Neon project of its own, and pull requests a key that is limited to it: docs/playbook.md, “A pull request wants a database of its own”.`,
      EXIT.usage,
    );
  const parent = branches.find(({ name }) => name === PARENT);
  if (!parent)
    throw new UserError(
      "preview-database-missing",
      `The Neon project ${place.project} has no branch ${PARENT}, from which a pull request's could be made.`,
      `Name the branch with ${PARENT}'s data ${PARENT}, or put the right project's id into PREVIEW_NEON_PROJECT.`,
      EXIT.usage,
    );
  return parent;
}

async function ensureBranch(
  neon: NeonProject,
  branches: readonly NeonBranch[],
  parent: NeonBranch,
  pullRequest: number,
  until: Date,
): Promise<NeonBranch> {
  const name = `pr-${pullRequest}`;
  const find = (among: readonly NeonBranch[]) => among.find((branch) => branch.name === name);
  const there = find(branches);
  if (there) {
    await neon.keepUntil(there.id, until);
    return there;
  }
  try {
    return await neon.add({ name, parent: parent.id, until, compute: true });
  } catch (error) {
    // Another run was quicker, or the answer to the call was lost: what counts is whether the branch is there.
    const made = find(await neon.branches());
    if (made) return made;
    throw error;
  }
}

async function removeBranch(
  context: Context,
  neon: NeonProject,
  branches: readonly NeonBranch[],
  pullRequest: number,
): Promise<string | undefined> {
  const own = branches.find(({ name }) => name === `pr-${pullRequest}`);
  if (!own) return undefined;
  try {
    await neon.remove(own.id);
  } catch (error) {
    if ((await neon.branches()).some(({ id }) => id === own.id)) throw error;
  }
  context.reporter.say(`  Removed: database branch ${own.name}`);
  return `database branch ${own.name}`;
}

/** For a closed pull request whose clean-up was cancelled or failed. */
async function removeClosed(
  context: Context,
  github: Github,
  neon: NeonProject,
  branches: readonly NeonBranch[],
  except: number,
): Promise<void> {
  for (const { name } of branches) {
    const number = Number(NAME.exec(name)?.[1] ?? except);
    if (number === except) continue;
    const { data } = await github.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", {
      ...github.at,
      pull_number: number,
    });
    if (data.state === "closed") await removeBranch(context, neon, branches, number);
  }
}
