import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** All that is no Worker's. */
const NODE = "node";
/** What plays for a minute and has a command of its own besides: `npm test` leaves it to `npm run test:e2e`. */
const END_TO_END = "**/*.e2e.test.ts";
const UNSEEN = [...configDefaults.exclude, "**/.rehearsal*/**", "**/.wrangler/**"];

/** Files that take more than ten seconds. One that begins last would keep a single core busy while the others idle. */
const LONG = [
  "scripts/flows/flows.test.ts",
  "scripts/flows/change-server.test.ts",
  "scripts/rehearsal/terminal/in-clone.test.ts",
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
 * one project are neighbours, since only such share a process; the Workers come last.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index < 0 ? LONG.length : index;
    };
    const project = ({ project: { name } }: TestSpecification) => (name === NODE ? "" : name);
    return (await super.sort(files)).toSorted(
      (a, b) => rank(a) - rank(b) || project(a).localeCompare(project(b)),
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
          name: NODE,
          // As the commands themselves run: by Node, without a step between.
          experimental: { viteModuleRunner: false },
          include: [
            "{scripts,infra,sites,projects/*/infra,.rules}/**/*.test.ts",
            "workers/*/django/*.test.ts",
          ],
          exclude: [...UNSEEN, END_TO_END],
          pool: "forks",
          // Half of what a small file takes would be the start of a process and the loading of what another one has loaded.
          isolate: false,
          // Real engines, real servers and real browsers take their time on a machine that is busy with the others.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "end-to-end",
          include: [END_TO_END],
          exclude: UNSEEN,
          experimental: { viteModuleRunner: false },
          // Each has the machine for itself; one of them measures.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
