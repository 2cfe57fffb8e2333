import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { answersOf, fault, type OwnerOutcome, run, writeAnswers } from "./owner.ts";

const Steps = z.array(z.object({ step: z.string(), state: z.string(), actions: z.array(z.string()) }));
const Environment = z.object({
  protection_rules: z.array(z.looseObject({ type: z.string() })),
  deployment_branch_policy: z.object({ custom_branch_policies: z.boolean() }).nullable(),
});

export const wizard: Scene<SetupMemory> = {
  name: "setup-wizard",
  title: "From a bare template to a repository that can deploy",
  tells:
    "The wizard runs by a file of answers. A name is taken, and in its midst Pulumi Cloud breaks down; run again, it goes on where it stopped, waits where a provider's limit asks it to, and has made everything. Run once more, it finds nothing to do.",
  async play(stage, notes, memory) {
    const { secrets } = memory;
    const file = writeAnswers(stage, answersOf(stage));
    const setup = (title: string, ...more: string[]) =>
      run(stage, notes, title, ["setup", "--answers", file, ...more], secrets);

    const check = await run(stage, notes, "The wizard with --check", ["setup", "--check"], secrets, {
      GITHUB_REPOSITORY: stage.clouds.github.repository,
      GITHUB_TOKEN: secrets.GITHUB_TOKEN_OF_ROBIN ?? "",
    });
    notes.expect(
      "With --check it only says what is left to do",
      check.exitCode === 0 &&
        check.result.outcome === "left-to-do" &&
        (await environments(stage)).length === 0,
      check,
    );

    const giveUp = await takeDopplerName(stage);
    const taken = await setup("The wizard, while somebody else has the name at Doppler");
    notes.expect(
      "A name that somebody else has taken at Doppler stops it, in Doppler's own words",
      taken.exitCode === 1 &&
        taken.result.outcome === "provider-conflict" &&
        /Project 'quayside' already exists/.test(String(taken.result.message)),
      taken.result,
    );
    await giveUp();

    await fault(stage.clouds.esc.url, {
      method: "POST",
      path: "^/api/orgs/[^/]+/oidc/issuers",
      fault: { kind: "status", status: 503 },
    });
    const broken = await setup("The wizard, while Pulumi Cloud breaks down");
    notes.expect(
      "It stops with the provider's own words, and what was made until then is made",
      broken.exitCode === 1 &&
        broken.result.outcome === "provider-refused" &&
        (await environments(stage)).length === 2,
      broken,
    );

    await fault(stage.clouds.github.url, {
      path: "/actions/variables",
      fault: { kind: "status", status: 429, retryAfterSeconds: 1 },
    });
    await fault(stage.clouds.neon.url, {
      path: "/projects",
      fault: { kind: "status", status: 429, retryAfterSeconds: 1 },
    });
    const whole = await setup("The wizard, run again");
    const states = statesOf(whole);
    notes.expect("Run again, it ends well, over the providers' limits", whole.exitCode === 0, whole.log);
    notes.expect(
      "What the first run had made it finds, and does not make twice",
      states.environments === "nothing-to-do" &&
        states.secrets === "nothing-to-do" &&
        states.trust === "done",
      states,
    );
    const again = await setup("The wizard, once more");
    notes.expect(
      "Once more, and there is nothing to do",
      again.exitCode === 0 && Object.values(statesOf(again)).every((state) => state === "nothing-to-do"),
      statesOf(again),
    );
    const { questions, seconds } = z
      .object({ questions: z.number(), seconds: z.number() })
      .catch({ questions: 0, seconds: 0 })
      .parse(whole.result);
    notes.keep(
      "The wizard in figures",
      "json",
      JSON.stringify({ questions, seconds, steps: Object.keys(states).length }, undefined, 2),
    );
    notes.expect(
      "It asked less than 18 questions, and took less than two minutes of its own time",
      questions > 0 && questions < 18 && seconds > 0 && seconds < 120,
      whole.result,
    );
    memory.wizard = { questions, seconds };
    notes.measure(`The wizard asked ${questions} questions and took ${seconds} s.`);

    const prod = Environment.parse(await github(stage, "/environments/prod"));
    notes.expect(
      "GitHub's environment prod waits for a reviewer, and takes main and version tags only",
      prod.protection_rules.some(({ type }) => type === "required_reviewers") &&
        prod.deployment_branch_policy?.custom_branch_policies === true,
      prod,
    );
    const planted = await readEsc(stage);
    Object.assign(stage.canaries, planted);
    notes.expect(
      "Each stack has a passphrase of its own, and its preview the same one",
      planted["dev PULUMI_CONFIG_PASSPHRASE"] === planted["dev-preview PULUMI_CONFIG_PASSPHRASE"] &&
        planted["dev PULUMI_CONFIG_PASSPHRASE"] !== planted["prod PULUMI_CONFIG_PASSPHRASE"],
      Object.keys(planted),
    );
    notes.expect(
      "Previews get Hetzner's and Cloudflare's read tokens",
      planted["prod-preview HCLOUD_TOKEN"] === stage.clouds.hetzner.readToken &&
        planted["prod-preview CLOUDFLARE_API_TOKEN"] === stage.clouds.cloudflare.readToken,
      Object.keys(planted),
    );
  },
};

/** Somebody else's project of that name, which the owner's token may not see: Doppler answers as if there were none. */
async function takeDopplerName({ clouds }: Stage): Promise<() => Promise<void>> {
  const call = async (method: string) => {
    const response = await fetch(`${clouds.doppler.url}/v3/projects${method === "POST" ? "" : "/project"}`, {
      method,
      headers: { authorization: `Bearer ${clouds.doppler.token}`, "content-type": "application/json" },
      body: JSON.stringify(method === "POST" ? { name: "quayside" } : { project: "quayside" }),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  await call("POST");
  await fault(clouds.doppler.url, { path: "/v3/environments", fault: { kind: "status", status: 404 } });
  return () => call("DELETE");
}

function statesOf({ result }: OwnerOutcome): Record<string, string> {
  const steps = Steps.catch([]).parse(result.steps);
  return Object.fromEntries(steps.map(({ step, state }) => [step, state]));
}

async function github(stage: Stage, path: string): Promise<unknown> {
  const { url, token, repository } = stage.clouds.github;
  const response = await fetch(`${url}/repos/${repository}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return response.json();
}

async function environments(stage: Stage): Promise<string[]> {
  const Listed = z.object({ environments: z.array(z.object({ name: z.string() })) });
  return Listed.parse(await github(stage, "/environments")).environments.map(({ name }) => name);
}

/** All that ESC keeps, by environment and variable, as its owner sees it. */
async function readEsc({ clouds }: Stage): Promise<Record<string, string>> {
  const names = ["dev", "dev-preview", "prod", "prod-preview"];
  const found = await Promise.all(
    names.map(async (name) => {
      const base = `${clouds.esc.url}/api/esc/environments/${clouds.esc.org}/quayside/${name}/open`;
      const headers = { authorization: `token ${clouds.esc.token}` };
      const opened = z
        .object({ id: z.string() })
        .parse(await (await fetch(base, { method: "POST", headers })).json());
      const read = await fetch(`${base}/${opened.id}?property=environmentVariables`, { headers });
      const variables = z
        .object({ value: z.record(z.string(), z.object({ value: z.string() })) })
        .parse(await read.json()).value;
      return Object.entries(variables).map(([variable, { value }]) => [`${name} ${variable}`, value]);
    }),
  );
  return Object.fromEntries(found.flat());
}
