import type { Command } from "./command.ts";

export interface Listed {
  /** One line of the overview. */
  summary: string;
  /** When asked for: a command must not pay for what only another one needs, nor the overview for any. */
  load(): Promise<{ command: Command }>;
}

/** Every command of the CLI, in the overview's order. */
export const COMMANDS: Readonly<Record<string, Listed>> = {
  preview: {
    summary: "Show what a change would do to every stack; on a pull request, as its one comment",
    load: () => import("./preview.ts"),
  },
  deploy: {
    summary:
      "Bring a commit to a stack: infrastructure, then Workers, sites and the release record, then verify",
    load: () => import("./deploy.ts"),
  },
  plan: {
    summary:
      "Pass the gate for a version tag and show what its release would change, for whoever approves it",
    load: () => import("./plan.ts"),
  },
  release: {
    summary: "Deploy a version tag to prod, after the gate: semver, on main, and a success on dev",
    load: () => import("./release.ts"),
  },
  rollback: {
    summary: "Bring an earlier release of a stack back, whole or in part",
    load: () => import("./rollback.ts"),
  },
  restore: {
    summary: "Put a backup in the place of a stack's state",
    load: () => import("./restore.ts"),
  },
  resume: {
    summary: "Let deployments of a stack go forward again after a rollback",
    load: () => import("./resume.ts"),
  },
  drift: {
    summary:
      "Find what was changed past the pipeline, keep one issue a stack about it, open the deployment that undoes it",
    load: () => import("./drift.ts"),
  },
  notes: {
    summary: "Publish the GitHub Release of a tag: notes from the merged pull requests, and the manifest",
    load: () => import("./notes.ts"),
  },
  releases: {
    summary: "Print the releases of a stack, newest first, with the one that is live",
    load: () => import("./releases.ts"),
  },
  setup: {
    summary: "Set everything up, step by step: tokens, secrets, trust, GitHub, the stacks' configuration",
    load: () => import("./setup.ts"),
  },
  doctor: {
    summary: "Look at everything that can be wrong, all at once, each with its fix; nothing is changed",
    load: () => import("./doctor.ts"),
  },
  secrets: {
    summary:
      "Change a secret everywhere, without a stop: the new one is tried and in place before the old one ends",
    load: () => import("./secrets.ts"),
  },
  teardown: {
    summary: "Take a stack away with all that it costs: backs up first, and lists the clouds to prove it",
    load: () => import("./teardown.ts"),
  },
  upgrade: {
    summary:
      "Show what the template has changed since, and merge it on a branch of its own; what is yours stays",
    load: () => import("./upgrade.ts"),
  },
  cleanup: {
    summary:
      "Remove what a closed pull request had of its own: previews of Workers and sites, database branch",
    load: () => import("./cleanup.ts"),
  },
  new: {
    summary: "Add a Worker, a site or a project; everything else finds it by its folder",
    load: () => import("./new.ts"),
  },
  intake: {
    summary: "Look after the intake's messages: how many wait, which are parked; replay or purge those",
    load: () => import("./intake.ts"),
  },
  rehearse: {
    summary: "Play the whole loop on this machine: pull request, merge, release, rollback, drift",
    load: () => import("./rehearse.ts"),
  },
  completion: {
    summary: "Print a shell's completion of these commands, and a function quayside that calls them",
    load: () => import("./completion.ts"),
  },
};
