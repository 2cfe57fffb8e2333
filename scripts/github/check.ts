import { z } from "zod";
import type { Github } from "./client.ts";
import { createOnce } from "./once.ts";

export const CONCLUSIONS = [
  "success",
  "failure",
  "neutral",
  "cancelled",
  "skipped",
  "timed_out",
  "action_required",
] as const;

export interface NewCheck {
  sha: string;
  name: string;
  conclusion: (typeof CONCLUSIONS)[number];
  title: string;
  /** Markdown; what is over GitHub's 65,535 bytes is cut. */
  summary: string;
  /** What the pipeline wants to know again later: a digest, a release id. */
  externalId?: string;
  detailsUrl?: string;
}

export interface Check {
  id: number;
  /** The commit that it is of. */
  sha: string;
  name: string;
  status: string;
  /** Null while it runs. */
  conclusion: string | null;
  title: string | null;
  summary: string | null;
  externalId: string;
  detailsUrl: string;
  url: string;
  completedAt: string | null;
  /** The app that wrote it: `github-actions` for workflows of this repository. */
  app: string | undefined;
}

const CheckRun = z
  .object({
    id: z.number(),
    head_sha: z.string(),
    name: z.string(),
    status: z.string(),
    conclusion: z.string().nullable(),
    external_id: z.string().nullish(),
    details_url: z.string().nullish(),
    html_url: z.string().nullish(),
    completed_at: z.string().nullish(),
    output: z.object({ title: z.string().nullish(), summary: z.string().nullish() }),
    app: z.object({ slug: z.string().nullish() }).nullish(),
  })
  .transform(
    (run): Check => ({
      id: run.id,
      sha: run.head_sha,
      name: run.name,
      status: run.status,
      conclusion: run.conclusion,
      title: run.output.title ?? null,
      summary: run.output.summary ?? null,
      externalId: run.external_id ?? "",
      detailsUrl: run.details_url ?? "",
      url: run.html_url ?? "",
      completedAt: run.completed_at ?? null,
      app: run.app?.slug ?? undefined,
    }),
  );

/** The app that a workflow's own token acts as. Anybody may install another app, which may write checks of any name. */
const ACTIONS = "github-actions";

const SUMMARY_MAX_BYTES = 65_535;
const CUT = "\n\n… cut: the whole text is in the run's log.";

/** Writes a finished check on a commit. https://docs.github.com/rest/checks/runs#create-a-check-run */
export async function recordCheck(github: Github, check: NewCheck): Promise<Check> {
  const create = async (): Promise<Check> => {
    const { data } = await github.request("POST /repos/{owner}/{repo}/check-runs", {
      ...github.at,
      head_sha: check.sha,
      name: check.name,
      status: "completed",
      conclusion: check.conclusion,
      output: { title: check.title, summary: cutToBytes(check.summary) },
      ...(check.externalId !== undefined && { external_id: check.externalId }),
      ...(check.detailsUrl !== undefined && { details_url: check.detailsUrl }),
    });
    return CheckRun.parse(data);
  };
  return createOnce(github, create, async () => {
    const found = await findCheck(github, check.sha, check.name);
    const same = found?.externalId === (check.externalId ?? "") && found.title === check.title;
    return same && found.conclusion === check.conclusion ? found : undefined;
  });
}

/**
 * The newest check of that name (and external id) on a commit that a workflow's own token has written; what other apps write
 * does not count.
 */
export async function findCheck(
  github: Github,
  sha: string,
  name: string,
  externalId?: string,
): Promise<Check | undefined> {
  const data: unknown = await github.paginate("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
    ...github.at,
    ref: sha,
    check_name: name,
    filter: "all",
    per_page: 100,
  });
  return z
    .array(CheckRun)
    .parse(data)
    .filter((run) => run.app === ACTIONS && run.sha === sha)
    .filter((run) => externalId === undefined || run.externalId === externalId)
    .reduce<Check | undefined>((newest, run) => (newest && newest.id > run.id ? newest : run), undefined);
}

/** GitHub counts bytes here (github/docs#35252), and a character must not be cut in two. */
function cutToBytes(text: string): string {
  if (Buffer.byteLength(text) <= SUMMARY_MAX_BYTES) return text;
  const bytes = Buffer.from(text).subarray(0, SUMMARY_MAX_BYTES - Buffer.byteLength(CUT));
  return new TextDecoder().decode(bytes, { stream: true }) + CUT;
}
