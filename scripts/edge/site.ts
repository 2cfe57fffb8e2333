import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { z } from "zod";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { UserError } from "../errors.ts";
import { builtSite, siteHash } from "./build-site.ts";
import { listFiles } from "./content-hash.ts";
import type { SiteSource } from "./parts.ts";
import { switchTurnstileOn } from "./turnstile.ts";
import type { Wrangler } from "./wrangler.ts";

const DeployEntry = z.object({
  type: z.literal("pages-deploy"),
  pages_project: z.string(),
  deployment_id: z.string(),
});

/** What is live of one site after a deployment. */
export interface DeployedSite {
  project: string;
  deploymentId: string;
  contentHash: string;
  /** Without the stack's settings, the same on every stack. */
  sourceHash?: string | undefined;
}

/** The file that every deployed site has, so that anyone can ask a site what it runs. */
export interface SiteRelease {
  release: string;
  sha: string;
  stack: string;
  deployedAt: string;
}

/**
 * Uploads a site to its Pages project with wrangler, with Turnstile's widget where the stack has a site key for it, and
 * adds `/release.json`, which says what release it is of.
 *
 * @param branch The project's production branch (`main`) takes the site live; any other makes a preview deployment.
 */
export async function deploySite(
  site: SiteSource,
  outputs: Pick<StackOutputs, "accountId" | "sites" | "turnstileSiteKey">,
  wrangler: Wrangler,
  release: SiteRelease,
  branch: string,
): Promise<DeployedSite> {
  const target = outputs.sites[site.name];
  if (!target) {
    throw new UserError(
      "site-unknown",
      `The stack's outputs know no site ${site.name}.`,
      "Apply the stack: infra/program.ts takes its sites from the folders of sites/.",
    );
  }
  const contentHash = siteHash(site, outputs.turnstileSiteKey);
  const sourceHash = siteHash(site);
  const source = await builtSite(site);
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  try {
    // What the hash is over, and nothing else: no `.dev.vars`, no tool's leavings.
    for (const file of listFiles(source)) {
      cpSync(file, join(folder, relative(source, file)), { recursive: true, dereference: true });
    }
    if (outputs.turnstileSiteKey !== undefined) switchTurnstileOn(folder, outputs.turnstileSiteKey);
    writeFileSync(join(folder, "release.json"), `${JSON.stringify(release)}\n`);
    const entries = await wrangler.run(
      [
        "pages",
        "deploy",
        folder,
        "--project-name",
        target.project,
        "--branch",
        branch,
        "--commit-hash",
        release.sha,
        "--commit-message",
        release.release,
        "--commit-dirty=true",
      ],
      outputs.accountId,
    );
    const entry = entries
      .map((line) => DeployEntry.safeParse(line).data)
      .find((each) => each?.pages_project === target.project);
    if (!entry) {
      throw new UserError(
        "wrangler-silent",
        `wrangler uploaded site ${site.name} but reported no deployment id.`,
        "Look at the Pages project's deployments in the dashboard, then run the deploy again.",
      );
    }
    return {
      project: target.project,
      deploymentId: entry.deployment_id,
      contentHash,
      sourceHash,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
