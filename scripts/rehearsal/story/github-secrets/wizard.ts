import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "../setup/memory.ts";
import { answersOf, changes, run, signUp, tokensOf, writeAnswers } from "../setup/owner.ts";

const Steps = z.array(z.object({ step: z.string(), state: z.string() }));
const Secrets = z.record(z.string(), z.string());

export const wizard: Scene<SetupMemory> = {
  name: "github-secrets-wizard",
  title: "The set-up puts the secrets into GitHub, and makes a bucket for the state",
  tells:
    "The wizard is told that secrets live at GitHub. Deployments' are sealed into the stacks' environments, previews' read-only ones into the repository. Pulumi Cloud is not asked at all. Run once more, it finds nothing to do.",
  async play(stage, notes, memory) {
    memory.secrets = tokensOf(stage, await signUp(stage, "robin"));
    Object.assign(stage.canaries, memory.secrets);
    const { "pulumi-token": _none, ...others } = answersOf(stage);
    const file = writeAnswers(stage, { ...others, home: "github" });
    const setup = (title: string) =>
      run(stage, notes, title, ["setup", "--answers", file], memory.secrets, {
        R2_ENDPOINT: r2Endpoint(stage),
      });
    const done = await setup("The wizard, with home: github");
    notes.expect("It ends well", done.exitCode === 0, done.log.slice(-3000));
    const again = await setup("The wizard, once more");
    const states = Steps.catch([]).parse(again.result.steps);
    notes.expect(
      "Once more, and there is nothing to do",
      again.exitCode === 0 && states.length > 0 && states.every(({ state }) => state === "nothing-to-do"),
      states,
    );
    const calls = await changes(stage.clouds.esc.url);
    notes.expect("Pulumi Cloud was asked to make nothing", calls.length === 0, calls);

    const [repository, dev, prod] = await Promise.all([
      secretsAtGithub(stage),
      secretsAtGithub(stage, "dev"),
      secretsAtGithub(stage, "prod"),
    ]);
    for (const kept of [repository, dev, prod]) Object.assign(stage.canaries, named(kept));
    notes.expect(
      "A job outside an environment gets tokens that only read, and no key that signs",
      repository.HCLOUD_TOKEN === stage.clouds.hetzner.readToken &&
        repository.CLOUDFLARE_API_TOKEN === stage.clouds.cloudflare.readToken &&
        !("RELEASE_SIGNING_KEY" in repository) &&
        !("NEON_API_KEY" in repository),
      Object.keys(repository),
    );
    notes.expect(
      "A job in a stack's environment gets those that write, and each stack has a release key of its own",
      prod.HCLOUD_TOKEN === stage.clouds.hetzner.token &&
        prod.RELEASE_SIGNING_KEY !== undefined &&
        prod.RELEASE_SIGNING_KEY !== dev.RELEASE_SIGNING_KEY,
      Object.keys(prod),
    );
    const { questions, seconds } = z
      .object({ questions: z.number(), seconds: z.number() })
      .parse(done.result);
    memory.wizard = { questions, seconds };
    notes.measure(`The wizard asked ${questions} questions and took ${seconds} s.`);
  },
};

/** R2's S3 interface, which for the real one follows from the account. */
function r2Endpoint({ clouds }: Stage): string {
  return `${new URL(clouds.cloudflare.url).origin}/r2`;
}

/** What GitHub's runner would hand to a job. */
async function secretsAtGithub({ clouds }: Stage, environment?: string): Promise<Record<string, string>> {
  const query = environment === undefined ? "" : `?environment=${environment}`;
  return Secrets.parse(await (await fetch(`${clouds.github.url}/_rehearsal/secrets${query}`)).json());
}

/** Kept with the secrets, and none: the id of a project, which Neon knows as well. */
const IDS = ["PREVIEW_NEON_PROJECT"];

/** By names that no other place's have. */
function named(secrets: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).flatMap(([name, value]) =>
      IDS.includes(name) ? [] : [[`GitHub's ${value.slice(0, 4)}…`, value]],
    ),
  );
}
