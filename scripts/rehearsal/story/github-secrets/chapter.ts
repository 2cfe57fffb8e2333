import { buildStage } from "../../stage/stage.ts";
import { actions } from "../actions/chapter.ts";
import type { Chapter } from "../chapter.ts";
import { secrets } from "../secrets.ts";
import type { SetupMemory } from "../setup/memory.ts";
import { firstRun } from "./first-run.ts";
import { wizard } from "./wizard.ts";

/** The set-up without Pulumi Cloud, and the workflow files with what it left. */
export const githubSecrets: Chapter<SetupMemory> = {
  name: "github-secrets",
  title: "Without Pulumi Cloud",
  tells:
    "A team without Pulumi Cloud answers home: github. Each stack's secrets are in its GitHub Environment, a bucket at R2 keeps the state, and the workflow files bring dev and prod up with both.",
  remember: (played) => ({ played, secrets: {} }),
  build: (root, dir, options) => buildStage(root, dir, { ...options, empty: true }),
  standIns: actions.standIns ?? [],
  scenes: [wizard, firstRun, { ...secrets, name: "github-secrets-nowhere" }],
  ...(actions.missing ? { missing: actions.missing } : {}),
};
