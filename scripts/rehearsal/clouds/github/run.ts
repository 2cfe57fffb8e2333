import type { Hub, Repo } from "./hub.ts";
import type { Run } from "./model.ts";

/** Registers a workflow run, as GitHub does when an event starts one. */
export function startRun(
  hub: Hub,
  repo: Repo,
  run: Pick<Run, "name" | "path" | "event" | "ref" | "headSha" | "actor"> &
    Partial<Pick<Run, "inputs" | "status" | "attempt" | "headBranch">>,
): Run {
  const id = hub.store.next("run", 17_000_000_001);
  const instant = hub.instant();
  return repo.runs.put(id, {
    attempt: 1,
    status: "in_progress",
    inputs: {},
    headBranch: run.ref.replace(/^refs\/(heads|tags)\//, ""),
    ...run,
    id,
    number: hub.store.next(`${repo.fullName}/run-number/${run.path}`),
    conclusion: null,
    createdAt: instant,
    updatedAt: instant,
    approvals: [],
  });
}
