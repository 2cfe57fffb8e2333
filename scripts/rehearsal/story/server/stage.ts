import { createHash } from "node:crypto";
import { z } from "zod";
import { type Machines, startMachines } from "../../machines/start.ts";
import type { Clouds } from "../../stage/clouds-process.ts";
import { buildStage, type Stage, type StageOptions } from "../../stage/stage.ts";
import { fillEsc } from "../fill-esc.ts";

/** The machines of a world, by its clouds: a scene is handed a copy of the stage. */
const MACHINES = new WeakMap<Clouds, Machines>();

export function machinesOf(stage: Stage): Machines {
  const machines = MACHINES.get(stage.clouds);
  if (!machines) throw new Error("this stage has no machines");
  return machines;
}

/** The usual stage, with machines behind the servers, secrets in Doppler and ESC, and the first release configured. */
export async function buildServerStage(root: string, dir: string, options: StageOptions): Promise<Stage> {
  let machines: Machines | undefined;
  try {
    const stage = await buildStage(root, dir, {
      ...options,
      async origin(world) {
        machines = await startMachines(world, options.note ?? (() => undefined));
        return machines.originUrl;
      },
    });
    const running = machines;
    if (!running) throw new Error("no machines were started");
    MACHINES.set(stage.clouds, running);
    running.follow(stage.clouds);
    stage.canaries.DATABASE_URL = running.database.url;
    stage.canaries.DOPPLER_TOKEN = await fillDoppler(stage, running.database.url);
    await fillEsc(stage);
    // By hand before the first push, as the README says: prod, which owns the zone's settings, is not there yet.
    for (const [setting, value] of [
      ["ssl", "strict"],
      ["tls_client_auth", "on"],
    ])
      await stage.api("cloudflare", `/zones/${stage.clouds.cloudflare.zoneId}/settings/${setting}`, {
        method: "PATCH",
        body: { value },
      });
    stage.checkout.edit(
      "infra/Pulumi.dev.yaml",
      /quayside:image: (.*)/.exec(stage.checkout.read("infra/Pulumi.dev.yaml"))?.[1] ?? "",
      running.images.first,
    );
    stage.checkout.edit(
      "infra/Pulumi.dev.yaml",
      "  quayside:volumeSize",
      '  quayside:backups: "true"\n  quayside:volumeSize',
    );
    await stage.checkout.commit("Run the rehearsed app");
    await stage.checkout.git("push", "--quiet", "origin", "main");
    return {
      ...stage,
      async close() {
        await running.close();
        await stage.close();
      },
    };
  } catch (error) {
    await machines?.close();
    throw error;
  }
}

const Token = z.object({ token: z.object({ key: z.string() }) });

/** What opens the backups: an access key of R2's that is good for buckets and nothing else, made of an API token. */
async function backupSecrets(stage: Stage): Promise<Record<string, string>> {
  const { cloudflare } = stage.clouds;
  const made = await fetch(new URL("/_rehearsal/tokens", cloudflare.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ permissions: { "Workers R2 Storage": "edit" } }),
  });
  const { token } = z.object({ token: z.string() }).parse(await made.json());
  const verified = await fetch(`${cloudflare.url}/user/tokens/verify`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { result } = z.object({ result: z.object({ id: z.string() }) }).parse(await verified.json());
  return {
    BACKUP_REPOSITORY: `s3:https://${cloudflare.accountId}.r2.cloudflarestorage.com/quayside-dev-backups`,
    BACKUP_PASSWORD: `${stage.canaries.DIGEST_KEY}-for-the-backups`,
    BACKUP_ACCESS_KEY_ID: result.id,
    BACKUP_SECRET_ACCESS_KEY: createHash("sha256").update(token).digest("hex"),
  };
}

/** The app's secrets in Doppler's config `dev`; a token that reads them and nothing else. */
async function fillDoppler(stage: Stage, databaseUrl: string): Promise<string> {
  const { clouds, canaries } = stage;
  const { url, token } = clouds.doppler;
  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url}/v3${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Doppler answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const config = { project: "quayside", config: "dev" };
  await post("/projects", { name: "quayside" });
  await post("/configs/config/secrets", {
    ...config,
    secrets: {
      DATABASE_URL: databaseUrl,
      SECRET_KEY: `${canaries.DIGEST_KEY}-for-django-and-long-enough-for-it`,
      ...(await backupSecrets(stage)),
    },
  });
  return Token.parse(await post("/configs/config/tokens", { ...config, name: "servers", access: "read" }))
    .token.key;
}
