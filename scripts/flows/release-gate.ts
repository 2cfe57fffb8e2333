import { execa } from "execa";
import type { Context } from "../context.ts";
import { otherSources } from "../edge/other-sources.ts";
import { findParts } from "../edge/parts.ts";
import { EXIT, UserError } from "../errors.ts";
import { isAncestor } from "../github/compare.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { compareVersions, parseVersion, tagOf } from "../release/version.ts";
import { besideOf, homeOf, type Project, stackSetting } from "../stack/stacks.ts";
import type { Caller } from "./environment.ts";

/** The stack of the same project that a commit must have run on before it may be released. */
const PROVING_STAGE = "dev";
const MAIN = "main";

/**
 * Decides whether a tag (annotated or not) may be released to a stack: a semantic version, higher than the last release's, on
 * main, and run on the project's dev with success and with the same content. Everything that is wrong is said at once.
 *
 * @throws UserError `gate-refused` (exit code 3): nothing was touched
 */
export async function passGate(
  context: Context,
  project: Project,
  caller: Caller,
  stack: string,
  tag: string,
): Promise<{ sha: string }> {
  const { stdout } = await execa("git", ["rev-parse", "--verify", "--quiet", `refs/tags/${tag}^{commit}`], {
    cwd: context.root,
    reject: false,
  });
  const sha = stdout.trim() || (caller.event?.ref === `refs/tags/${tag}` ? caller.event.sha : "");
  if (!sha) {
    throw new UserError(
      "tag-unknown",
      `There is no tag ${tag} in this clone.`,
      "Fetch the tags: git fetch --tags.",
      EXIT.usage,
    );
  }

  const reasons: string[] = [];
  const { prefix } = homeOf(project, stack);
  const proving = besideOf(project, stack, PROVING_STAGE);
  const version = parseVersion(tag, prefix);
  if (!version)
    reasons.push(`${tag} is no semantic version; a release tag of ${stack} looks like ${prefix}v1.4.0`);

  const [released, onDev, onMain] = await Promise.all([
    caller.releases.list(stack, 100),
    caller.releases.list(proving, 100),
    caller.github ? isAncestor(caller.github, sha, MAIN) : isAncestorLocally(context.root, sha),
  ]);
  if (!onMain)
    reasons.push(`commit ${sha.slice(0, 7)} is not on ${MAIN}: what was not merged is not released`);

  const highest = released
    .filter(
      ({ kind, outcome, sha: commit, ref }) =>
        kind === "deploy" && outcome === "succeeded" && !(commit === sha && ref.endsWith(`/${tag}`)),
    )
    .flatMap(({ ref }) => parseVersion(ref.replace("refs/tags/", ""), prefix) ?? [])
    .toSorted(compareVersions)
    .at(-1);
  if (version && highest && compareVersions(version, highest) <= 0) {
    reasons.push(
      `${tag} is not higher than the last release ${tagOf(highest, prefix)}; to go back, run the rollback workflow`,
    );
  }

  // A rollback bears the commit of its infrastructure, whatever else it has brought back.
  const proofs = onDev.filter((release) => release.sha === sha && release.kind === "deploy");
  const proof = proofs.find(({ outcome }) => outcome === "succeeded");
  if (!proof) {
    reasons.push(
      proofs.length > 0
        ? `its deployment to ${proving} failed`
        : `commit ${sha.slice(0, 7)} has never run on ${proving}`,
    );
  } else reasons.push(...otherContent(context.root, project, stack, proof));
  if (reasons.length === 0) return { sha };
  throw new UserError(
    "gate-refused",
    `${tag} is not released to ${stack}: ${reasons.join("; ")}. Nothing was touched.`,
    `Merge the commit to ${MAIN}, wait for its deployment to ${proving}, and tag that commit with the next version.`,
    EXIT.stopped,
  );
}

/** What would run on the stack and did not run on dev: one reason for all of it. */
function otherContent(root: string, project: Project, stack: string, proof: ReleaseManifest): string[] {
  const image = stackSetting(project, stack, "image");
  const other = [
    ...otherSources(findParts(homeOf(project, stack).dir, root), proof),
    ...(image !== undefined && digestOf(image) !== digestOf(proof.image) ? [`the image ${image}`] : []),
  ];
  if (other.length === 0) return [];
  return [
    `${proof.stack} has not run what ${stack} would get: ${other.join(", ")} (against its release ${proof.id})`,
  ];
}

/** An image may be named by another registry on another stack; what it is, its digest says. */
function digestOf(image: string): string | undefined {
  return image.split("@")[1];
}

async function isAncestorLocally(root: string, sha: string): Promise<boolean> {
  const { exitCode } = await execa("git", ["merge-base", "--is-ancestor", sha, MAIN], {
    cwd: root,
    reject: false,
  });
  return exitCode === 0;
}
