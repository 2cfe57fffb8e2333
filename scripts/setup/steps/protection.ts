import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Project } from "../../stack/stacks.ts";
import { github } from "../facts/github.ts";
import type { Step } from "../step.ts";

const Rulesets = z.array(z.object({ id: z.number(), name: z.string(), enforcement: z.string() }));

const Workflow = z.object({ jobs: z.record(z.string(), z.object({ name: z.string().optional() })) });

/** The names under which the jobs of the workflow `check` report on a pull request. */
function checksOf(root: string): string[] {
  const file = join(root, ".github", "workflows", "check.yml");
  const { jobs } = Workflow.parse(parse(readFileSync(file, "utf8")));
  return Object.entries(jobs).map(([id, { name }]) => name ?? id);
}

/** The rules by GitHub's own names. https://docs.github.com/rest/repos/rules */
const rulesets = ({ root, homes }: Project) => [
  {
    name: "quayside: main",
    tells: "protect main: pull requests only, the check has to pass, no force push, no deletion",
    target: "branch",
    conditions: { ref_name: { include: ["~DEFAULT_BRANCH"], exclude: [] } },
    rules: [
      { type: "deletion" },
      { type: "non_fast_forward" },
      {
        type: "pull_request",
        parameters: {
          // A team of one could merge nothing otherwise; a larger one raises it.
          required_approving_review_count: 0,
          dismiss_stale_reviews_on_push: true,
          require_code_owner_review: false,
          require_last_push_approval: false,
          required_review_thread_resolution: false,
          allowed_merge_methods: ["squash", "rebase", "merge"],
        },
      },
      {
        type: "required_status_checks",
        parameters: {
          strict_required_status_checks_policy: false,
          required_status_checks: checksOf(root).map((context) => ({ context })),
        },
      },
    ],
  },
  // One a project, so that a project which is added later gets its own beside those that are there.
  ...homes.map(({ project, prefix }) => ({
    name: prefix ? `quayside: version tags of ${project}` : "quayside: version tags",
    tells: `protect the tags ${prefix}v*: they can't be moved or deleted`,
    target: "tag",
    conditions: { ref_name: { include: [`refs/tags/${prefix}v*`], exclude: [] } },
    rules: [{ type: "deletion" }, { type: "non_fast_forward" }, { type: "update" }],
  })),
];

export const protectionStep: Step = {
  name: "protection",
  title: "Protected branch and tags",
  purpose: "What is released was reviewed: main takes pull requests only, and a version stays what it was.",
  async find(bench) {
    const hub = await github(bench);
    const { data } = await hub.request("GET /repos/{owner}/{repo}/rulesets", { ...hub.at, per_page: 100 });
    const present = Rulesets.parse(data);
    return rulesets(bench.project).flatMap(({ tells, ...ruleset }) => {
      const known = present.find(({ name }) => name === ruleset.name);
      if (known?.enforcement === "active") return [];
      const body = { ...hub.at, ...ruleset, enforcement: "active" };
      return [
        {
          tells,
          do: () =>
            known
              ? hub.request("PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}", {
                  ...hub.at,
                  ruleset_id: known.id,
                  enforcement: "active",
                })
              : hub.request(`POST /repos/${hub.at.owner}/${hub.at.repo}/rulesets`, body),
        },
      ];
    });
  },
};
