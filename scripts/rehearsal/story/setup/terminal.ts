import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Line } from "../../terminal/line.ts";
import { openShell, type Shell } from "../../terminal/shell.ts";
import { typeLines } from "../../terminal/type-lines.ts";
import { openSsh } from "../drift.ts";
import { deployDevJob, IMAGE, releaseJob } from "../jobs.ts";
import { mergeChange } from "../rollbacks/dev-jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { DOMAIN, environmentOf, fromEnv, writeAnswers } from "./owner.ts";

/** The owner at a terminal, in the checkout, with a second release in prod. */
interface Desk {
  stage: Stage;
  shell: Shell;
  /** Where the engine keeps the state. */
  backend: string;
  /** The ids of the messages that are parked. */
  parked: string[];
  /** Undoes what was done by hand. */
  undo: () => Promise<void>;
}

const SECOND_IMAGE = `sha256:${"3".repeat(64)}`;
const OWNER = join(".setup", "owner.yaml");
/** What the playbook calls the organization, where the state is, and the release to go back to. */
const organization = ({ stage }: Desk) => ({ "my-organization": stage.clouds.esc.org });
const inside = (desk: Desk) => ({ ...organization(desk), "<where the state is>": desk.backend });
const RELEASE = { "prod-v1.3.0": "prod-v1.0.0" };

/** The playbook's commands, in the order in which one person could need all of them. */
export const AT_A_TERMINAL: readonly Line<Desk>[] = [
  { line: "export PULUMI_ORG=my-organization", before: async (desk) => organization(desk), says: /^$/ },
  {
    line: "export PULUMI_ACCESS_TOKEN=<your own token>",
    before: async () => ({ "<your own token>": "$TOKEN_OF_ROBIN" }),
    says: /^$/,
  },
  {
    line: "export PULUMI_BACKEND_URL='<where the state is>'",
    before: async ({ backend }) => ({ "<where the state is>": backend }),
    says: /^$/,
  },
  { line: 'export GITHUB_TOKEN="$(gh auth token)"', says: /^$/ },
  { line: "npm run releases -- prod", says: /prod-v1\.4\.0[\s\S]*prod-v1\.0\.0/ },
  { line: "npm run preview -- prod", says: /prod/ },
  { line: "npm run preview -- dev", says: /dev/ },
  { line: "npm run drift -- prod", says: /prod: no drift/ },
  { line: "npm run rollback -- prod --dry-run", says: /App image/ },
  {
    line: "npm run drift -- prod --fix",
    async before(desk) {
      desk.undo = await openSsh(desk.stage);
      return undefined;
    },
    says: /release-prod\.yml/,
  },
  {
    line: "npm run cleanup -- 42",
    async before(desk) {
      await desk.undo();
      return undefined;
    },
    says: /#42 has nothing of its own/,
  },

  {
    line: "npm run secrets -- rotate HCLOUD_TOKEN",
    more: `--answers ${OWNER}`,
    says: /delete the old token/,
  },
  {
    line: "npm run secrets -- rotate CLOUDFLARE_API_TOKEN --preview",
    more: `--answers ${OWNER}`,
    says: /delete the old token/,
  },
  {
    line: "npm run secrets -- rotate INTAKE_SIGNING_KEY --stack prod",
    says: /Both keys are known from the next deployment on/,
  },
  {
    line: "npm run secrets -- rotate INTAKE_SIGNING_KEY --stack prod --finish",
    says: /The next deployment forgets the old key/,
  },
  {
    line: "npm run secrets -- rotate RELEASE_SIGNING_KEY --stack prod",
    says: /The public half is in the stack's file/,
  },
  {
    // The owner has not deployed it.
    line: "npm run secrets -- rotate RELEASE_SIGNING_KEY --stack prod --finish",
    exitCode: 3,
    says: /rotate-early[\s\S]*still believe the old release key/,
  },
  {
    line: "npm run secrets -- rotate RELEASE_SIGNING_KEY",
    says: /commit that/,
  },
  {
    line: "npm run secrets -- rotate DOPPLER_TOKEN --stack prod",
    more: `--answers ${OWNER}`,
    says: /run it again with --finish/,
  },
  {
    line: "npm run secrets -- rotate DOPPLER_TOKEN --stack prod --finish",
    more: `--answers ${OWNER}`,
    says: /The older tokens have ended/,
  },
  {
    line: "npm run secrets -- rotate DOPPLER_TOKEN",
    more: `--answers ${OWNER}`,
    says: /run it again with --finish/,
  },
  {
    line: "npm run secrets -- rotate <name>",
    before: async () => ({ "<name>": "INTAKE_OPERATOR_KEY" }),
    more: "--stack dev",
    says: /The next deployment gives it to the Worker/,
  },

  {
    line: "npm run secrets -- rotate PULUMI_CONFIG_PASSPHRASE --stack prod",
    says: /State of prod under the new passphrase[\s\S]*The old passphrase opens only backups/,
  },

  { line: "npm run intake -- prod health", says: /The intake of prod is \w+: 0 waiting, 0 parked/ },
  {
    line: "npm run intake -- prod list",
    async before(desk) {
      desk.parked = await parkMessages(desk.stage, ["One", "Two"]);
      return undefined;
    },
    says: /HTTP 422[\s\S]*HTTP 422/,
  },
  {
    line: "npm run intake -- prod show <id>",
    before: async ({ parked }) => ({ "<id>": parked[0] ?? "" }),
    says: /"message": "One/,
  },
  {
    line: "npm run intake -- prod purge <id>",
    before: async ({ parked }) => ({ "<id>": parked[0] ?? "" }),
    // It asks first.
    more: "--yes",
    says: /1 message of prod purged/,
  },
  {
    line: "npm run intake -- prod replay --all",
    async before({ stage }) {
      await stage.visitor.visit({ url: REFUSALS, method: "DELETE" });
      return undefined;
    },
    says: /1 message of prod back in the line/,
  },

  { line: "unset PULUMI_BACKEND_URL", says: /^$/ },
  {
    line: "npx pulumi env get my-organization/quayside/prod-preview environmentVariables",
    before: async (desk) => organization(desk),
    says: /HCLOUD_TOKEN/,
  },
  {
    line: "npx pulumi env run my-organization/quayside/prod -- env PULUMI_BACKEND_URL='<where the state is>' npx pulumi stack export --cwd infra --stack prod --file prod.json",
    before: async (desk) => inside(desk),
    says: /^(?!.*error)/s,
  },
  {
    line: "npx pulumi env run my-organization/quayside/prod -- env PULUMI_BACKEND_URL='<where the state is>' npx pulumi cancel --cwd infra --stack prod --yes",
    async before(desk) {
      const file = join(desk.stage.checkout.dir, "infra", "prod.json");
      if (!readFileSync(file, "utf8").includes("ciphertext")) throw new Error(`${file} is no state`);
      rmSync(file);
      leaveLock(desk.backend);
      return inside(desk);
    },
    says: /prod.* (?:has been )?cancell?ed/i,
  },
  {
    line: "npm run restore -- dev --from backup/dev/<file> --dry-run",
    async before({ stage, shell, backend }) {
      if (existsSync(join(lockFolder(backend), LOCK))) throw new Error("the lock of prod is still there");
      await shell.type(`export PULUMI_BACKEND_URL='${backend}'`);
      return { "<file>": fetchBackup(stage) };
    },
    says: /dev/,
  },
  {
    line: "npm run restore -- dev --from backup/dev/<file>",
    before: async ({ stage }) => ({ "<file>": fetchBackup(stage) }),
    says: /dev/,
  },
  {
    line: "npm run deploy -- dev --refresh --unreviewed",
    async before(desk) {
      const { type } = desk.shell;
      await type(`export PULUMI_BACKEND_URL='${desk.backend}'`);
      if (existsSync(join(lockFolder(desk.backend), LOCK)))
        throw new Error("the lock of prod is still there");
      await deleteServer(desk.stage, "dev");
      return undefined;
    },
    more: "--verify-limit 20",
    says: /Update of dev +\d+ create[\s\S]*Verify from outside +(\d+) of \1 answer right/,
  },
  {
    line: "npm run rollback -- prod --to prod-v1.3.0 --restore-database --dry-run",
    before: async () => RELEASE,
    says: /The database of prod goes back to/,
  },
  {
    line: "npm run rollback -- prod --to prod-v1.3.0 --restore-database --confirm prod",
    before: async () => RELEASE,
    more: "--verify-limit 20",
    says: /Restore of prod's database[\s\S]*before-restore-/,
  },
];

const REFUSALS = `https://app.${DOMAIN}/_rehearsal/refusals`;
const LOCK = `${randomUUID()}.json`;

export const terminal: Scene<SetupMemory> = {
  name: "setup-terminal",
  title: "The owner works from a terminal",
  tells:
    "Every command that the playbook has for a terminal, typed as it stands there: looking, secrets, parked messages, the engine's own command with what the environment keeps, a server that is gone, a state and a database that come back.",
  async play(stage, notes, memory) {
    const { checkout, clouds } = stage;
    const image = await mergeChange(stage, "image", "Another image of the app", () => {
      for (const stack of ["dev", "prod"]) checkout.edit(`infra/Pulumi.${stack}.yaml`, IMAGE, SECOND_IMAGE);
    });
    keepJob(notes, await deployDevJob(stage, image, memory.released));
    keepJob(notes, await releaseJob(stage, "v1.4.0", image));

    const bin = join(stage.dir, "owner", "bin");
    writeGh(bin);
    // What the first command of all would install.
    const modules = join(checkout.dir, "node_modules");
    symlinkSync(join(stage.root, "node_modules"), modules);
    writeAnswers(
      stage,
      {
        "hetzner-token": fromEnv("HETZNER_WRITE"),
        "hetzner-preview-token": fromEnv("HETZNER_READ"),
        "cloudflare-preview-token": fromEnv("CLOUDFLARE_READ"),
        "doppler-token": fromEnv("DOPPLER_PERSONAL"),
      },
      OWNER,
    );
    const env = environmentOf(stage);
    const shell = openShell(checkout.dir, {
      ...env,
      PATH: `${bin}:${env.PATH}`,
      NO_COLOR: "1",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...(stage.providers
        ? {
            PULUMI_DEBUG_PROVIDERS: stage.providers.write,
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          }
        : {}),
      // A clone of github.com tells it by its origin.
      GITHUB_REPOSITORY: clouds.github.repository,
      TOKEN_OF_ROBIN: clouds.esc.token,
      GITHUB_TOKEN_OF_ROBIN: memory.secrets.GITHUB_TOKEN_OF_ROBIN ?? "",
      HETZNER_WRITE: clouds.hetzner.token,
      HETZNER_READ: clouds.hetzner.readToken,
      CLOUDFLARE_READ: stage.canaries.FRESH_CLOUDFLARE_READ ?? "",
      DOPPLER_PERSONAL: clouds.doppler.token,
    });
    try {
      const desk: Desk = { stage, shell, backend: stage.backend, parked: [], undo: async () => {} };
      await typeLines(desk, notes, AT_A_TERMINAL);
    } finally {
      await shell.close();
      rmSync(modules);
    }
  },
};

/** GitHub's own program, as far as the playbook asks it for the token that it keeps. */
function writeGh(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "gh");
  writeFileSync(file, '#!/bin/sh\n[ "$*" = "auth token" ] && echo "$GITHUB_TOKEN_OF_ROBIN"\n');
  chmodSync(file, 0o755);
}

/** The app refuses these messages, so that they are parked; gives their ids. */
async function parkMessages(stage: Stage, words: readonly string[]): Promise<string[]> {
  await stage.visitor.visit({ url: REFUSALS, method: "PUT", body: "berth" });
  const answers = await stage.visitor.visit(
    ...words.map((word, index) => ({
      url: `https://www.${DOMAIN}/intake`,
      method: "POST",
      headers: { "content-type": "application/json", "x-rehearsal-client-ip": `203.0.113.${60 + index}` },
      body: JSON.stringify({ name: "P", email: `p${index}@example.net`, message: `${word} berth` }),
    })),
  );
  const ids = answers.map((answer) => z.object({ id: z.string() }).parse(answer.json()).id);
  const Health = z.object({ outbox: z.object({ parked: z.number() }) });
  const deadline = Date.now() + 45_000;
  for (;;) {
    const [answer] = await stage.visitor.visit(`https://www.${DOMAIN}/intake/healthz`);
    if (Health.safeParse(answer?.json()).data?.outbox.parked === ids.length) return ids;
    if (Date.now() > deadline) throw new Error(`The messages are not parked: ${answer?.body}`);
  }
}

function lockFolder(backend: string): string {
  return join(backend.replace("file://", ""), ".pulumi", "locks", "organization", "quayside", "prod");
}

/** What somebody's engine leaves that was killed on another machine. */
function leaveLock(backend: string): void {
  mkdirSync(lockFolder(backend), { recursive: true });
  const lock = {
    pid: 4243,
    username: "kim",
    hostname: `not-${hostname()}`,
    timestamp: new Date().toISOString(),
  };
  writeFileSync(join(lockFolder(backend), LOCK), JSON.stringify(lock));
}

/** Deletes a stack's server, as somebody does in Hetzner's console. */
async function deleteServer(stage: Stage, stack: string): Promise<void> {
  const Servers = z.object({
    servers: z.array(z.object({ id: z.number(), labels: z.record(z.string(), z.string()) })),
  });
  const { servers } = Servers.parse(await stage.api("hetzner", "/servers"));
  const [server, ...more] = servers.filter(({ labels }) => labels.stack === stack);
  if (!server || more.length > 0) throw new Error(`${stack} has ${servers.length} servers`);
  await stage.api("hetzner", `/servers/${server.id}/actions/change_protection`, {
    method: "POST",
    body: { delete: false, rebuild: false },
  });
  await stage.api("hetzner", `/servers/${server.id}`, { method: "DELETE", body: {} });
}

/** What `gh run download` brings: the backups of one deployment's run. Gives the newest one's name. */
function fetchBackup({ checkout }: Stage): string {
  const from = join(checkout.dir, ".state-backups", "dev");
  const to = join(checkout.dir, "backup", "dev");
  const newest = readdirSync(from).sort().at(-1);
  if (newest === undefined) throw new Error("dev has no backup");
  mkdirSync(to, { recursive: true });
  copyFileSync(join(from, newest), join(to, newest));
  return newest;
}
