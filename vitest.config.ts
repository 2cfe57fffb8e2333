import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than ten seconds. One that begins last would keep a single core busy while the others idle. */
const LONG = [
  "scripts/rehearsal/story.test.ts",
  "scripts/rehearsal/terminal/in-clone.test.ts",
  "scripts/flows/flows.test.ts",
  "scripts/bench/bench.test.ts",
  "infra/program.test.ts",
  "sites/sites.test.ts",
  "scripts/rehearsal/stand-ins/engine.test.ts",
  "scripts/rehearsal/clouds/cloudflare/wrangler.test.ts",
];

/** A clone has not measured its tests yet, and then vitest begins with the largest file, which is seldom the longest. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((file) => moduleId.endsWith(file));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    silent: "passed-only",
    // vitest would leave one core to itself; it needs little of it, and there may be only two.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    projects: [
      "workers/*/vitest.config.ts",
      {
        test: {
          name: "node",
          include: ["{.rules,scripts,infra,sites}/**/*.test.ts", "workers/*/django/*.test.ts"],
          exclude: [...configDefaults.exclude, "**/.rehearsal*/**", "**/.wrangler/**"],
          pool: "forks",
          // Real engines, real servers and real browsers take their time on a machine that is busy with the others.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
