import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { run } from "./owner.ts";

const Findings = z.array(
  z.object({
    check: z.string(),
    state: z.enum(["well", "soon", "wrong", "unseen"]),
    symptoms: z.array(z.object({ text: z.string(), fix: z.string() })),
  }),
);

/** What a doctor's visit found, by the names of the checks. */
async function visit(stage: Stage, notes: Parameters<Scene["play"]>[1], title: string, memory: SetupMemory) {
  const outcome = await run(stage, notes, title, ["doctor"], {
    GITHUB_TOKEN: memory.secrets.GITHUB_TOKEN_OF_ROBIN ?? "",
    GITHUB_REPOSITORY: stage.clouds.github.repository,
    PULUMI_ACCESS_TOKEN: stage.clouds.esc.token,
    PULUMI_ORG: stage.clouds.esc.org,
  });
  const findings = Findings.catch([]).parse(outcome.result.findings);
  const of = (state: string) => findings.filter((finding) => finding.state === state);
  return { ...outcome, findings, wrong: of("wrong").map(({ check }) => check), of };
}

export const doctorBefore: Scene<SetupMemory> = {
  name: "setup-doctor-before",
  title: "What is missing is named",
  tells: "On the bare template the doctor says what the set-up has not made yet, and changes nothing.",
  async play(stage, notes, memory) {
    const { exitCode, wrong, of } = await visit(stage, notes, "The doctor, before the set-up", memory);
    notes.expect("It ends with exit code 1", exitCode === 1, exitCode);
    notes.expect(
      "It names the example's domain in the stacks' files, with the fix",
      of("wrong").some(
        ({ check, symptoms }) =>
          check === "example" && symptoms.some(({ fix }) => fix.includes("npm run setup")),
      ),
      wrong,
    );
    notes.expect(
      "What needs a token that nobody has given it does not look at",
      of("unseen").length > 3,
      wrong,
    );
  },
};

export const doctorAfter: Scene<SetupMemory> = {
  name: "setup-doctor-after",
  title: "The doctor finds all well, and then what somebody has broken",
  tells:
    "With both stacks up, everything is well. Then a policy is widened to any job of the repository, and the environment prod loses its reviewers: both are found, with their fix.",
  async play(stage, notes, memory) {
    const well = await visit(stage, notes, "The doctor, after the first release", memory);
    notes.expect(
      `All ${well.of("well").length} checks that can look find all well`,
      well.exitCode === 0 && well.wrong.length === 0 && well.of("well").length > 15,
      well.findings.filter(({ state }) => state !== "well"),
    );
    notes.expect(
      "It took seconds, not minutes",
      z.number().catch(999).parse(well.result.seconds) < 30,
      well.result.seconds,
    );
    await widenTrust(stage);
    await forgetReviewers(stage);
    const forget = await leaveUpdate(stage, memory.released ?? "");
    const sick = await visit(stage, notes, "The doctor, after somebody has been here", memory);
    notes.expect(
      "It finds the policy that lets in any job, and the environment that waits for nobody",
      sick.exitCode === 1 && sick.wrong.includes("setup-trust") && sick.wrong.includes("setup-environments"),
      sick.wrong,
    );
    notes.expect(
      "It finds the update whose run is over and that did not end in order",
      sick.findings.some(
        ({ check, symptoms }) =>
          check === "open-updates" &&
          symptoms.some(({ text }) => /An update of dev .*run is over/.test(text)),
      ),
      sick.findings.find(({ check }) => check === "open-updates"),
    );
    await forget();
  },
};

const Numbered = z.object({ id: z.number() });

/** What a job leaves that was killed in the middle of an update: its record at GitHub, and a run that is over. */
async function leaveUpdate({ clouds }: Stage, sha: string): Promise<() => Promise<unknown>> {
  const { url, token, repository } = clouds.github;
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { method, headers, ...sent });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  const started = await call("POST", "/_rehearsal/jobs", { claims: { event_name: "push", sha } });
  const { runId } = z.object({ runId: z.number() }).parse(started);
  await call("PATCH", `/_rehearsal/runs/${runId}`, { status: "completed", conclusion: "cancelled" });
  const { id } = Numbered.parse(
    await call("POST", `/repos/${repository}/deployments`, {
      ref: sha,
      environment: "dev",
      task: "update",
      auto_merge: false,
      required_contexts: [],
      payload: {
        schema: 1,
        kind: "update",
        stack: "dev",
        sha,
        actor: "robin",
        startedAt: new Date().toISOString(),
        process: { host: "runner", pid: 42 },
        run: { id: runId, attempt: 1, url: `https://github.com/${repository}/actions/runs/${runId}` },
      },
    }),
  );
  const deployment = `/repos/${repository}/deployments/${id}`;
  return async () => {
    await call("POST", `${deployment}/statuses`, { state: "inactive" });
    await call("DELETE", deployment);
  };
}

/** What a hurried person does who wants a job to work: any job of the repository may open what prod's may. */
async function widenTrust({ clouds }: Stage): Promise<void> {
  const { url, org, token } = clouds.esc;
  const headers = { authorization: `token ${token}`, "content-type": "application/json" };
  const get = async (path: string) => (await fetch(`${url}/api/orgs/${org}${path}`, { headers })).json();
  const { oidcIssuers } = z
    .object({ oidcIssuers: z.array(z.object({ id: z.string() })) })
    .parse(await get("/oidc/issuers"));
  const policy = z
    .object({ id: z.string(), policies: z.array(z.looseObject({ rules: z.record(z.string(), z.string()) })) })
    .parse(await get(`/auth/policies/oidcissuers/${oidcIssuers[0]?.id}`));
  const wide = policy.policies.map((each) => {
    const { sub = "", aud = "", repository_id = "" } = each.rules;
    return sub.endsWith(":environment:prod")
      ? { ...each, rules: { aud, repository_id, sub: sub.replace(/:environment:prod$/, ":*") } }
      : each;
  });
  const response = await fetch(`${url}/api/orgs/${org}/auth/policies/${policy.id}`, {
    method: "PATCH",
    headers,
    body: JSON.stringify({ policies: wide }),
  });
  if (!response.ok) throw new Error(await response.text());
}

async function forgetReviewers({ clouds }: Stage): Promise<void> {
  const { url, token, repository } = clouds.github;
  const response = await fetch(`${url}/repos/${repository}/environments/prod`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ reviewers: [], deployment_branch_policy: null }),
  });
  if (!response.ok) throw new Error(await response.text());
}
