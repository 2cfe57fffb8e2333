import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than ten seconds. One that begins last would keep a single core busy while the others idle. */
const LONG = [
  "scripts/rehearsal/story.test.ts",
  "scripts/flows/flows.test.ts",
  "scripts/flows/change-server.test.ts",
  "scripts/rehearsal/terminal/in-clone.test.ts",
  "scripts/bench/bench.test.ts",
  "infra/src/hetzner/backup.test.ts",
  "infra/program.test.ts",
  "scripts/flows/rotate-passphrase.test.ts",
  "scripts/flows/many-stacks.test.ts",
  "sites/sites.test.ts",
  "scripts/edge/deploy.test.ts",
  "scripts/rehearsal/stand-ins/engine.test.ts",
  "scripts/rehearsal/stand-ins/every-resource.test.ts",
  "scripts/rehearsal/clouds/cloudflare/wrangler.test.ts",
];

/**
 * A clone has not measured its tests yet, and then vitest begins with the largest file, which is seldom the longest. Those of
 * one project are neighbours: only such share a process.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).toSorted(
      (a, b) => rank(a) - rank(b) || a.project.name.localeCompare(b.project.name),
    );
  }
}

export default defineConfig({
  test: {
    experimental: { fsModuleCache: true },
    globalSetup: ["scripts/rehearsal/testing/scratch-folder.ts"],
    silent: "passed-only",
    // More than cores: much of a test's time is one process waiting for another. vitest itself would leave one core unused.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: LongestFirst },
    projects: [
      "{workers,projects/*/workers}/*/vitest.config.ts",
      {
        test: {
          name: "node",
          include: [
            "{scripts,infra,sites,projects/*/infra,.rules}/**/*.test.ts",
            "workers/*/django/*.test.ts",
          ],
          exclude: [...configDefaults.exclude, "**/.rehearsal*/**", "**/.wrangler/**"],
          pool: "forks",
          // Half of what a small file takes would be the start of a process and the loading of what another one has loaded.
          isolate: false,
          // Real engines, real servers and real browsers take their time on a machine that is busy with the others.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
