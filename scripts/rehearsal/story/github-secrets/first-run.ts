import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { keepRun } from "../actions/keep-run.ts";
import { deployDevRun, driftRun, previewRun, releaseRun } from "../actions/runs.ts";
import { mergePull } from "../jobs.ts";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "../setup/memory.ts";
import { DOMAIN } from "../setup/owner.ts";

const Calls = z.array(z.object({ method: z.string(), path: z.string(), status: z.number() }));

export const firstRun: Scene<SetupMemory> = {
  name: "github-secrets-first-run",
  title: "The workflow files bring dev and prod up with GitHub's own secrets",
  tells:
    "The wizard's changes become the first pull request. preview.yml looks with keys that only read, at a bucket in which there is no state yet; deploy-dev.yml and release-prod.yml make it, each in its environment; drift.yml finds nothing.",
  async play(stage, notes, memory) {
    const { checkout, github } = stage;
    const started = performance.now();
    await checkout.git("checkout", "--quiet", "-B", "setup");
    await checkout.commit("Set up for our own domain");
    await checkout.git("push", "--quiet", "origin", "setup");
    const opened = await github.openPull("Set up for our own domain", "setup");
    const event = github.pullEvent(opened, "opened");
    keepRun(notes, await previewRun(stage, { number: opened.number, event }), {
      preview: { result: "success", outputs: { outcome: "succeeded" } },
    });
    const body = (await github.comments(opened.number))[0]?.body ?? "";
    notes.expect(
      "The comment says for both stacks what would be made",
      /dev/.test(body) && /prod/.test(body) && body.includes("Server"),
      body,
    );
    const before = await stateWrites(stage);
    notes.expect("A key that only reads has written nothing into the bucket", before.length === 0, before);

    const asked = [...body.matchAll(/allow:[\w:.~@-]+/g)].map(([label]) => label);
    await github.label(opened.number, ...new Set(asked));
    const sha = await mergePull(stage, opened.number);
    keepRun(notes, await deployDevRun(stage, sha), {
      deploy: { result: "success", outputs: { outcome: "succeeded" } },
    });
    keepRun(notes, await releaseRun(stage, "v1.0.0", sha), {
      plan: { result: "success" },
      deploy: { result: "success", outputs: { outcome: "succeeded", release: "prod-v1.0.0" } },
    });
    const hosts = [`https://www-dev.${DOMAIN}`, `https://www.${DOMAIN}`, `https://app.${DOMAIN}`];
    for (const [index, { status }] of (await stage.visitor.visit(...hosts)).entries())
      notes.expect(`${hosts[index]} answers through the edge`, status === 200, status);
    const written = await stateWrites(stage);
    notes.expect(
      "The bucket has the state of both stacks",
      ["dev", "prod"].every((stack) =>
        written.some((path) => path.endsWith(`/.pulumi/stacks/quayside/${stack}.json`)),
      ),
      written,
    );
    keepRun(notes, await driftRun(stage, sha), { drift: { result: "success" } });
    const issues = await github.issues("open");
    notes.expect("drift.yml has found nothing", issues.length === 0, issues);
    const pulumi = await callsOf(stage.clouds.esc.url);
    notes.expect("No job has asked Pulumi Cloud for anything", pulumi.length === 0, pulumi);
    const seconds = Math.round((performance.now() - started) / 1000);
    notes.measure(
      `From nothing to a release in prod: the wizard ${memory.wizard?.seconds} s, the workflow files ${seconds} s.`,
    );
  },
};

async function callsOf(url: string): Promise<z.infer<typeof Calls>> {
  return Calls.parse(await (await fetch(`${new URL(url).origin}/_rehearsal/calls`)).json());
}

/** What was written into the bucket of the state. */
async function stateWrites({ clouds }: Stage): Promise<string[]> {
  return (await callsOf(clouds.cloudflare.url))
    .filter(({ method, path, status }) => method === "PUT" && path.startsWith("/r2/") && status === 200)
    .map(({ path }) => path.replace(/\?.*$/, ""));
}
