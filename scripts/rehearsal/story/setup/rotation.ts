import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { driftJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { fromEnv, run, writeAnswers } from "./owner.ts";

export const rotation: Scene<SetupMemory> = {
  name: "setup-rotation",
  title: "A token is changed while jobs run",
  tells:
    "The Cloudflare token for previews has to be changed. A wrong one changes nothing. The new one is in every place before the old one ends, so that a job before, and one after, both find a token that works.",
  async play(stage, notes, memory) {
    const fresh = await newToken(stage);
    Object.assign(stage.canaries, { FRESH_CLOUDFLARE_READ: fresh });
    const env = {
      GITHUB_TOKEN: memory.secrets.GITHUB_TOKEN_OF_ROBIN ?? "",
      GITHUB_REPOSITORY: stage.clouds.github.repository,
      PULUMI_ACCESS_TOKEN: stage.clouds.esc.token,
      PULUMI_ORG: stage.clouds.esc.org,
      FRESH: fresh,
      WRONG: stage.clouds.cloudflare.token,
    };
    const command = ["secrets", "rotate", "CLOUDFLARE_API_TOKEN", "--preview", "--answers"];
    const before = await previewTokens(stage);
    const wrongFile = writeAnswers(stage, { "cloudflare-preview-token": fromEnv("WRONG") });
    const wrong = await run(
      stage,
      notes,
      "Rotation, with a token that may write",
      [...command, wrongFile],
      env,
    );
    notes.expect(
      "A token for previews that may write is refused, and nothing is changed",
      wrong.exitCode === 2 && JSON.stringify(await previewTokens(stage)) === JSON.stringify(before),
      wrong,
    );
    const file = writeAnswers(stage, { "cloudflare-preview-token": fromEnv("FRESH") });
    const right = await run(stage, notes, "Rotation", [...command, file], env);
    notes.expect("The right one is taken", right.exitCode === 0, right.log);
    const after = await previewTokens(stage);
    notes.expect(
      "Both stacks' previews have the new one",
      after.length === 2 && after.every((token) => token === fresh),
      after.length,
    );
    keepJob(notes, await driftJob(stage, memory.released ?? "", "Drift check with the new token"));
  },
};

async function newToken({ clouds }: Stage): Promise<string> {
  const response = await fetch(`${new URL(clouds.cloudflare.url).origin}/_rehearsal/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ permissions: "read" }),
  });
  return z.object({ token: z.string() }).parse(await response.json()).token;
}

/** What the previews of both stacks would be opened. */
async function previewTokens({ clouds }: Stage): Promise<string[]> {
  const headers = { authorization: `token ${clouds.esc.token}` };
  return Promise.all(
    ["dev-preview", "prod-preview"].map(async (name) => {
      const base = `${clouds.esc.url}/api/esc/environments/${clouds.esc.org}/quayside/${name}/open`;
      const opened = z
        .object({ id: z.string() })
        .parse(await (await fetch(base, { method: "POST", headers })).json());
      const read = await fetch(`${base}/${opened.id}?property=environmentVariables.CLOUDFLARE_API_TOKEN`, {
        headers,
      });
      return z.object({ value: z.string() }).parse(await read.json()).value;
    }),
  );
}
