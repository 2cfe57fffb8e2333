import { z } from "zod";
import { github } from "../facts/github.ts";
import type { Step } from "../step.ts";

const Default = z.object({
  default_workflow_permissions: z.string(),
  can_approve_pull_request_reviews: z.boolean(),
});

export const actionsPermissionsStep: Step = {
  name: "actions-permissions",
  title: "What workflows may do by default",
  purpose:
    "Each job says what it needs; a workflow that says nothing gets no more than reading, and approves no pull request.",
  async find(bench) {
    const hub = await github(bench);
    const path = "/repos/{owner}/{repo}/actions/permissions/workflow";
    const { default_workflow_permissions: level, can_approve_pull_request_reviews: approves } = Default.parse(
      (await hub.request(`GET ${path}`, hub.at)).data,
    );
    if (level === "read" && !approves) return [];
    return [
      {
        tells: "set the default permissions of workflows to read, without approving pull requests",
        do: () =>
          hub.request(`PUT ${path}`, {
            ...hub.at,
            default_workflow_permissions: "read",
            can_approve_pull_request_reviews: false,
          }),
      },
    ];
  },
};
