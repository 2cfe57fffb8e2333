import { join } from "node:path";
import type { EdgeChange } from "../change/model.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { redact } from "../secrets/redaction.ts";
import { type Home, homeOf, type Project } from "../stack/stacks.ts";
import { accountForPreviews } from "./environment.ts";
import { pictureSites } from "./picture-sites.ts";
import { previewEdge } from "./preview-edge.ts";
import type { StackPreview } from "./preview-stack.ts";

/**
 * Makes the previews of what a pull request changes at the edge, with pictures of the sites before and after. Does nothing where no account for previews is set up.
 * Never throws: a preview that could not be made fails no review.
 *
 * @param folder that of the artifact
 * @returns the stacks' previews with the addresses in them, and a sentence for the comment about each thing that went wrong
 */
export async function previewEdgeForReview(
  context: Context,
  project: Project,
  pull: { number: number; headSha: string },
  previews: readonly StackPreview[],
  folder: string,
): Promise<{ previews: readonly StackPreview[]; notes: string[] }> {
  try {
    const account = await accountForPreviews(context, project);
    if (!account) return { previews, notes: [] };
    const ofHome = (home: Home, among: readonly StackPreview[]) =>
      among.filter(({ stack }) => homeOf(project, stack) === home);
    const changed = project.homes.map((home) => ({ home, changes: changedByAll(ofHome(home, previews)) }));
    const { urls, problems } = await previewEdge(context, account, pull, changed);
    const withUrl = (stack: string, change: EdgeChange): EdgeChange => {
      const own = urls.filter(({ home }) => home === homeOf(project, stack));
      const url = own.find(({ kind, name }) => kind === change.kind && name === change.name)?.url;
      return url && change.action !== "same" ? { ...change, previewUrl: url } : change;
    };
    const withUrls = previews.map((preview) => ({
      ...preview,
      edge: preview.edge.map((change) => withUrl(preview.stack, change)),
    }));
    const pictured: string[] = [];
    for (const home of project.homes)
      pictured.push(...(await pictureSites(context, home, ofHome(home, withUrls), join(folder, "visual"))));
    return {
      previews: withUrls,
      notes: [...problems.map((problem) => `No preview of ${problem}`), ...pictured],
    };
  } catch (error) {
    const message = redact(messageOf(error));
    context.reporter.warn(`The previews of Workers and sites could not be made: ${message}`);
    return { previews, notes: [`The previews of Workers and sites could not be made: ${message}`] };
  }
}

/**
 * The parts that are different from what any stack of a project runs. A stack that is behind main differs in more than the pull request
 * changes; what runs on one of them already is not the pull request's.
 */
function changedByAll(previews: readonly StackPreview[]): EdgeChange[] {
  const edges = previews.filter(({ failure }) => !failure).map(({ edge }) => edge);
  const [first = [], ...others] = edges;
  const isChanged = (edge: readonly EdgeChange[], { kind, name }: EdgeChange) =>
    edge.some((each) => each.kind === kind && each.name === name && each.action !== "same");
  return first.filter(
    (change) => change.action !== "same" && others.every((edge) => isChanged(edge, change)),
  );
}
