import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { run } from "./owner.ts";

const PAID = ["servers", "primary_ips", "volumes", "networks", "firewalls", "placement_groups"] as const;

export const teardown: Scene<SetupMemory> = {
  name: "setup-teardown",
  title: "All of it is taken away again",
  tells:
    "The owner gives up. Without the stack's name nothing goes; with it each stack goes whole, after a backup, protected volumes too. The clouds are listed: nothing that costs money is left.",
  async play(stage, notes, memory) {
    const env = {
      PULUMI_BACKEND_URL: stage.backend,
      ...(stage.providers
        ? {
            PULUMI_DEBUG_PROVIDERS: stage.providers.write,
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          }
        : {}),
      GITHUB_TOKEN: memory.secrets.GITHUB_TOKEN_OF_ROBIN ?? "",
      GITHUB_REPOSITORY: stage.clouds.github.repository,
      PULUMI_ACCESS_TOKEN: stage.clouds.esc.token,
      PULUMI_ORG: stage.clouds.esc.org,
    };
    await stage.checkout.git("checkout", "--quiet", "--force", memory.released ?? "origin/main");
    const before = await standing(stage);
    const wrong = await run(
      stage,
      notes,
      "Teardown of prod, with another name",
      ["teardown", "prod", "--confirm", "dev"],
      env,
    );
    notes.expect(
      "With another stack's name it stops with exit code 3, and everything still stands",
      wrong.exitCode === 3 &&
        wrong.result.outcome === "teardown-unconfirmed" &&
        JSON.stringify(await standing(stage)) === JSON.stringify(before) &&
        before.length > 10,
      wrong.log.slice(-1500),
    );
    for (const stack of ["prod", "dev"]) {
      const torn = await run(
        stage,
        notes,
        `Teardown of ${stack}`,
        ["teardown", stack, "--confirm", stack],
        env,
      );
      notes.expect(`The teardown of ${stack} ends well`, torn.exitCode === 0, torn.log.slice(-2500));
      const backup = join(stage.checkout.dir, String(torn.result.backup), "state.json");
      const state = existsSync(backup) ? readFileSync(backup, "utf8") : "";
      notes.expect(
        `Its backup has the state of ${stack}, with secrets encrypted`,
        state.includes(`urn:pulumi:${stack}::quayside::`) && state.includes("ciphertext"),
        torn.result,
      );
    }
    const after = await standing(stage);
    notes.expect(
      "Hetzner, Cloudflare, Neon, ESC and GitHub have nothing of it any more",
      after.length === 0,
      after,
    );
  },
};

/** Everything of both stacks that the clouds list, as their own pages would. */
async function standing(stage: Stage): Promise<string[]> {
  const { clouds, api } = stage;
  const things = await Promise.all([
    ...PAID.map(async (kind) =>
      named(
        z.record(z.string(), z.unknown()).parse(await api("hetzner", `/${kind}?per_page=50`))[kind],
        kind,
      ),
    ),
    listed(api("cloudflare", `/accounts/${clouds.cloudflare.accountId}/workers/scripts`), "script"),
    listed(api("cloudflare", `/accounts/${clouds.cloudflare.accountId}/pages/projects`), "site"),
    listed(api("cloudflare", `/accounts/${clouds.cloudflare.accountId}/d1/database`), "D1"),
    listed(api("cloudflare", `/accounts/${clouds.cloudflare.accountId}/storage/kv/namespaces`), "KV"),
    listed(api("cloudflare", `/accounts/${clouds.cloudflare.accountId}/queues`), "queue"),
    listed(api("cloudflare", `/zones/${clouds.cloudflare.zoneId}/dns_records?per_page=100`), "record"),
    api("neon", "/projects").then((body) =>
      named(z.object({ projects: z.unknown() }).parse(body).projects, "Neon project"),
    ),
    json(`${clouds.esc.url}/api/esc/environments`, `/${clouds.esc.org}`, clouds.esc.token).then((body) =>
      named(z.object({ environments: z.unknown() }).parse(body).environments, "ESC environment").filter(
        (name) => !name.endsWith("edge-preview"),
      ),
    ),
    json(clouds.github.url, `/repos/${clouds.github.repository}/environments`, clouds.github.token).then(
      (body) => named(z.object({ environments: z.unknown() }).parse(body).environments, "GitHub Environment"),
    ),
  ]);
  return things.flat();
}

const Named = z.array(
  z.looseObject({
    id: z.union([z.string(), z.number()]).optional(),
    name: z.string().optional(),
    title: z.string().optional(),
    queue_name: z.string().optional(),
  }),
);

function named(list: unknown, kind: string): string[] {
  return Named.parse(list).map(
    ({ id, name, title, queue_name }) => `${kind} ${name ?? title ?? queue_name ?? id}`,
  );
}

async function listed(answer: Promise<unknown>, kind: string): Promise<string[]> {
  return named(z.object({ result: z.unknown() }).parse(await answer).result, kind);
}

async function json(url: string, path: string, token: string): Promise<unknown> {
  const scheme = token.startsWith("pul-") ? "token" : "Bearer";
  return (await fetch(`${url}${path}`, { headers: { authorization: `${scheme} ${token}` } })).json();
}
