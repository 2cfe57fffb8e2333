import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";

const Job = z.object({ idTokenRequestUrl: z.string(), idTokenRequestToken: z.string() });

export const strangers: Scene<SetupMemory> = {
  name: "setup-strangers",
  title: "Other jobs open nothing",
  tells:
    "Jobs that GitHub vouches for just as well try to open the environments: another workflow of a pull request, a branch that is not main, a job in the environment of the other stack, a repository with the same name.",
  async play(stage, notes) {
    const workflows = `${stage.clouds.github.repository}/.github/workflows`;
    const pull = { event_name: "pull_request", ref: "refs/pull/7/merge" };
    const main = { event_name: "push", ref: "refs/heads/main" };
    const at = (file: string, ref: string) => ({
      workflow_ref: `${workflows}/${file}@${ref}`,
      job_workflow_ref: `${workflows}/${file}@${ref}`,
    });
    const deploy = (ref: string, file: string) => ({
      workflow_ref: `${workflows}/${file}@${ref}`,
      job_workflow_ref: `${workflows}/deploy.yml@${ref}`,
    });
    const cases: { who: string; claims: Record<string, string>; opens: string[] }[] = [
      {
        who: "The preview of a pull request",
        claims: { ...pull, ...at("preview.yml", pull.ref) },
        opens: PREVIEWS,
      },
      {
        who: "Another workflow of the same pull request",
        claims: { ...pull, ...at("check.yml", pull.ref) },
        opens: [],
      },
      {
        who: "A pull request's job that names the environment prod",
        claims: { ...pull, ...deploy(pull.ref, "preview.yml"), environment: "prod" },
        opens: [],
      },
      {
        who: "The deployment of dev",
        claims: { ...main, ...deploy(main.ref, "deploy-dev.yml"), environment: "dev" },
        opens: ["dev"],
      },
      {
        who: "The same workflow on another branch",
        claims: {
          event_name: "push",
          ref: "refs/heads/feature",
          ...deploy("refs/heads/feature", "deploy-dev.yml"),
          environment: "dev",
        },
        opens: [],
      },
      {
        who: "A new workflow on main that names the environment dev",
        claims: { ...main, ...at("new.yml", main.ref), environment: "dev" },
        opens: [],
      },
      {
        who: "A repository of the same name, made after this one was deleted",
        claims: { ...main, ...deploy(main.ref, "deploy-dev.yml"), environment: "dev", repository_id: "999" },
        opens: [],
      },
    ];
    for (const { who, claims, opens } of cases) {
      const opened = await openedBy(stage, claims);
      const what = opens.length === 0 ? "nothing" : opens.join(" and ");
      notes.expect(`${who} opens ${what}`, JSON.stringify(opened) === JSON.stringify(opens), opened);
    }
  },
};

const PREVIEWS = ["dev-preview", "prod-preview", "edge-preview"];

/** The environments that a job with these claims gets opened. */
async function openedBy({ clouds }: Stage, claims: Record<string, string>): Promise<string[]> {
  const { github, esc } = clouds;
  const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const job = Job.parse(await (await post(`${github.url}/_rehearsal/jobs`, { claims })).json());
  const audience = `urn:pulumi:org:${esc.org}`;
  const asked = await fetch(`${job.idTokenRequestUrl}&audience=${encodeURIComponent(audience)}`, {
    headers: { authorization: `Bearer ${job.idTokenRequestToken}` },
  });
  const exchanged = await post(`${esc.url}/api/oauth/token`, {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience,
    subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    requested_token_type: "urn:pulumi:token-type:access_token:organization",
    subject_token: z.object({ value: z.string() }).parse(await asked.json()).value,
  });
  if (!exchanged.ok) return [];
  const { access_token } = z.object({ access_token: z.string() }).parse(await exchanged.json());
  const names = ["dev", "dev-preview", "prod", "prod-preview", "edge-preview"];
  const opened = await Promise.all(
    names.map(async (name) => {
      const path = `${esc.url}/api/esc/environments/${esc.org}/quayside/${name}/open`;
      const { ok } = await post(path, undefined, { authorization: `token ${access_token}` });
      return ok ? [name] : [];
    }),
  );
  return opened.flat();
}
