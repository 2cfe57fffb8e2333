import { isMap, parseDocument } from "yaml";
import { siteFiles } from "./site.ts";
import type { Files } from "./write.ts";

/** The infrastructure's program, from a further project's. */
const PROGRAM = "../../../infra/program.ts";

/** What a new project is made after: the stacks and workflows of the project at the root. */
export interface Template {
  /** Its Pulumi.yaml, Pulumi.dev.yaml and Pulumi.prod.yaml, as text. */
  project: string;
  stacks: { dev: string; prod: string };
  /** deploy-dev.yml and release-prod.yml, as text. */
  workflows: { dev: string; prod: string };
  securityTxt: string | undefined;
  /** What nobody has: an image and a key that the set-up replaces. */
  example: { image: string; releaseKey: string };
}

/**
 * The files of a new project: an infrastructure with the root's parts, stacks of its own in the same zone and account, a site,
 * and the two workflows that deploy it.
 */
export function projectFiles(name: string, template: Template): Files {
  const folder = `projects/${name}`;
  const former = String(parseDocument(template.project).get("name"));
  const stack = (stage: "dev" | "prod", hostSuffix: string) =>
    stackFile(template.stacks[stage], { former, name, hostSuffix, ...template.example });
  return {
    [`${folder}/infra/Pulumi.yaml`]: template.project
      .replace(/^name: .*$/m, `name: ${name}`)
      .replace(/^description: .*$/m, `description: ${name}, deployed by the repository's pipeline.`),
    [`${folder}/infra/index.ts`]: `import { program } from "./program.ts";

/** What the stock \`pulumi\` command runs; the pipeline calls {@link program} in its own process. */
export default () => program();
`,
    [`${folder}/infra/program.ts`]: `import { join } from "node:path";
import { type Surroundings, program as template } from "${PROGRAM}";

/** The parts of every stack at the root, with the Workers, sites and configuration of this project. */
export const program = (surroundings: Surroundings = {}) =>
  template({ root: join(import.meta.dirname, ".."), ...surroundings });
`,
    [`${folder}/infra/Pulumi.${name}-dev.yaml`]: stack("dev", `-${name}-dev`),
    [`${folder}/infra/Pulumi.${name}-prod.yaml`]: stack("prod", `-${name}`),
    ...siteFiles("www", template.securityTxt, folder),
    [`.github/workflows/deploy-${name}-dev.yml`]: forProject(template.workflows.dev, name),
    [`.github/workflows/release-${name}-prod.yml`]: forProject(template.workflows.prod, name),
  };
}

/** A workflow of the root's stacks, for those of a project; its tags begin with the project's name. */
function forProject(workflow: string, name: string): string {
  return workflow.replace(/\b(dev|prod)\b/g, `${name}-$1`).replace('tags: ["v*"]', `tags: ["${name}-v*"]`);
}

/** Adds the stacks of a project to the choices of a workflow that is started by hand. */
export function withChoices(workflow: string, name: string): string {
  return workflow.replace(/options: \[([^\]]*\bprod\b[^\]]*)\]/, (_options, listed: string) => {
    const stacks = new Set([...listed.split(/\s*,\s*/), `${name}-dev`, `${name}-prod`]);
    return `options: [${[...stacks].join(", ")}]`;
  });
}

function stackFile(
  text: string,
  own: { former: string; name: string; hostSuffix: string; image: string; releaseKey: string },
): string {
  const ofFormer = new RegExp(`^( *(?:# )?)${own.former}:`, "gm");
  const document = parseDocument(text.replace(ofFormer, `$1${own.name}:`));
  // The salt of another stack's passphrase, and what is encrypted with it.
  document.delete("encryptionsalt");
  const config = document.get("config");
  if (isMap(config))
    config.items = config.items.filter(({ value }) => !(isMap(value) && value.has("secure")));
  const set = (key: string, value: string) => document.setIn(["config", `${own.name}:${key}`], value);
  set("hostSuffix", own.hostSuffix);
  set("ownsZone", "false");
  set("image", own.image);
  set("releaseKey", own.releaseKey);
  return document.toString({ lineWidth: 0 });
}
