import { join, relative } from "node:path";
import type { Binding } from "../../infra/src/outputs.ts";
import type { EdgeChange } from "../change/model.ts";
import type { Context } from "../context.ts";
import { neededBy } from "../edge/order.ts";
import { findParts, type SiteSource, type WorkerSource } from "../edge/parts.ts";
import {
  isPreviewOf,
  type PreviewPlace,
  previewBindings,
  previewDatasets,
  previewOutputs,
  previewScript,
  previewSuffix,
} from "../edge/preview-names.ts";
import { runJobs } from "../edge/run-jobs.ts";
import { deploySite } from "../edge/site.ts";
import { deployWorker } from "../edge/worker.ts";
import { startWrangler, type Wrangler } from "../edge/wrangler.ts";
import { type PreviewApi, previewApi } from "../providers/cloudflare-previews.ts";
import type { PreviewAccount } from "../secrets/preview-account.ts";
import { redact } from "../secrets/redaction.ts";
import type { Home } from "../stack/stacks.ts";

/** What a pull request changes at the edge of one project. */
export interface ChangedEdge {
  home: Home;
  /** The parts that are not on every stack yet. */
  changes: readonly EdgeChange[];
}

/** The addresses at which a pull request's Workers and sites can be looked at, and what went wrong. */
export interface EdgePreviews {
  urls: { home: Home; kind: EdgeChange["kind"]; name: string; url: string }[];
  /** One sentence for each part that has no preview. */
  problems: string[];
}

/**
 * Uploads what a pull request changes at the edge into the account for previews, where no visitor's traffic goes: each
 * Worker as a script of its own with resources of its own, and with it those that it binds; each site as a preview
 * deployment. Addresses stay the same from push to push. What a later push does not change any more is taken away.
 */
export async function previewEdge(
  context: Context,
  account: PreviewAccount,
  pull: { number: number; headSha: string },
  changed: readonly ChangedEdge[],
): Promise<EdgePreviews> {
  const wanted = changed.map(({ home, changes }) => {
    const isChanged = (kind: EdgeChange["kind"], name: string) =>
      changes.some((change) => change.kind === kind && change.name === name);
    const parts = findParts(home.dir, context.root);
    const workers = withNeeded(
      parts.workers.filter(({ name }) => isChanged("worker", name)),
      parts.workers,
    );
    const sites = parts.sites.filter(({ name }) => isChanged("site", name));
    return { home, workers, sites, place: { prefix: home.prefix, pullRequest: pull.number } };
  });
  const api = previewApi(account);
  const scripts = wanted.flatMap(({ workers, place }) =>
    workers.map(({ name }) => previewScript(name, place)),
  );
  const [subdomain] = await Promise.all([
    scripts.length > 0 ? api.workersSubdomain() : "",
    removeOldScripts(api, pull.number, scripts),
  ]);
  const some = wanted.filter(({ workers, sites }) => workers.length + sites.length > 0);
  if (some.length === 0) return { urls: [], problems: [] };

  const wrangler = startWrangler(account.wranglerEnv);
  try {
    const found = await Promise.all(
      some.map((parts) => uploadParts(context, account, api, wrangler, pull, subdomain, parts)),
    );
    return { urls: found.flatMap(({ urls }) => urls), problems: found.flatMap(({ problems }) => problems) };
  } finally {
    await wrangler.close();
  }
}

interface WantedParts {
  home: Home;
  workers: readonly WorkerSource[];
  sites: readonly SiteSource[];
  place: PreviewPlace;
}

async function uploadParts(
  context: Context,
  account: PreviewAccount,
  api: PreviewApi,
  wrangler: Wrangler,
  pull: { number: number; headSha: string },
  subdomain: string,
  { home, workers, sites, place }: WantedParts,
): Promise<EdgePreviews> {
  const suffix = previewSuffix(pull.number);
  const release = { id: `${suffix}-${pull.headSha.slice(0, 7)}`, message: `Preview of #${pull.number}` };
  const urls: EdgePreviews["urls"] = [];
  const outputs = previewOutputs(account.accountId, place, await bindAll(api, workers, place));
  const uploadWorker = (worker: WorkerSource) => async () => {
    const settings = { workers_dev: true, preview_urls: false, triggers: { crons: [] } };
    const secrets = { values: {}, hashKey: suffix };
    const { scriptName } = await deployWorker(worker, outputs, wrangler, secrets, release, settings);
    const url = `https://${scriptName}.${subdomain}.workers.dev/${worker.name}/healthz`;
    urls.push({ home, kind: "worker", name: worker.name, url });
  };
  const uploadSite = (site: SiteSource) => async () => {
    const projectName = `${home.project}-${site.name}-previews`;
    const host = await api.ensureProject(projectName);
    const url = `https://${suffix}.${host}`;
    const stamp = {
      release: release.id,
      sha: pull.headSha,
      stack: suffix,
      deployedAt: context.now().toISOString(),
    };
    const target = {
      accountId: account.accountId,
      sites: { [site.name]: { project: projectName, domain: host, url } },
    };
    await deploySite(site, target, wrangler, stamp, suffix);
    urls.push({ home, kind: "site", name: site.name, url });
  };
  const partOf = (folder: string, name: string) => join(relative(context.root, home.dir), folder, name);
  const told = (part: string, run: () => Promise<void>) => () =>
    context.reporter.step(`Preview of ${part}`, run);
  const failures = await runJobs([
    ...workers.map((worker) => ({
      part: partOf("workers", worker.name),
      needs: neededBy(worker, workers).map((name) => partOf("workers", name)),
      run: told(`Worker ${worker.name}`, uploadWorker(worker)),
    })),
    ...sites.map((site) => ({
      part: partOf("sites", site.name),
      needs: [],
      run: told(`site ${site.name}`, uploadSite(site)),
    })),
  ]);
  return { urls, problems: failures.map(({ part, error }) => redact(`${part}: ${error.message}`)) };
}

/** Some Workers, and before each the ones that it needs: they are not there in the account for previews. */
function withNeeded(wanted: readonly WorkerSource[], all: readonly WorkerSource[]): WorkerSource[] {
  const names = new Set(wanted.map(({ name }) => name));
  for (const worker of [...all].reverse())
    if (names.has(worker.name)) for (const name of neededBy(worker, all)) names.add(name);
  return all.filter(({ name }) => names.has(name));
}

/** Makes the resources that the Workers bind, those that are not there yet. */
async function bindAll(
  api: PreviewApi,
  workers: readonly WorkerSource[],
  place: PreviewPlace,
): Promise<{ name: string; bindings: Record<string, Binding> }[]> {
  const wanted = workers.map((worker) => ({ worker, needs: previewBindings(worker, place) }));
  const existing = wanted.some(({ needs }) => needs.length > 0) ? await api.resources() : [];
  return Promise.all(
    wanted.map(async ({ worker, needs }) => {
      const bindings = await Promise.all(
        needs.map(async ({ binding, kind, resource }) => {
          const { id, name } = await api.ensure(kind, resource, existing);
          return [binding, { kind, id, name }] as const;
        }),
      );
      const datasets = previewDatasets(worker, place);
      return { name: worker.name, bindings: { ...datasets, ...Object.fromEntries(bindings) } };
    }),
  );
}

async function removeOldScripts(
  api: PreviewApi,
  pullRequest: number,
  wanted: readonly string[],
): Promise<void> {
  const old = (await api.scripts()).filter(
    (name) => isPreviewOf(pullRequest, name) && !wanted.includes(name),
  );
  await Promise.all(old.map((name) => api.removeScript(name)));
}
