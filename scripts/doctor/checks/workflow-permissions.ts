import { parse } from "yaml";
import { z } from "zod";
import type { Check, Symptom } from "../check.ts";
import { workflowFiles } from "./workflow-files.ts";

const Permissions = z.union([z.string(), z.record(z.string(), z.string())]).optional();
const Workflow = z.object({
  on: z.unknown(),
  permissions: Permissions,
  jobs: z.record(z.string(), z.object({ permissions: Permissions })),
});

export const workflowPermissions: Check = {
  name: "workflow-permissions",
  about: "What the workflows' jobs may do",
  async look({ context }) {
    return workflowFiles(context.root, ["workflows"]).flatMap(({ name, text }): Symptom[] => {
      const parsed = Workflow.safeParse(parse(text));
      if (!parsed.success)
        return [{ level: "wrong", text: `${name} is no workflow.`, fix: z.prettifyError(parsed.error) }];
      const { permissions, jobs, on } = parsed.data;
      const open = typeof permissions !== "object" || Object.keys(permissions).length > 0;
      const wide = Object.entries(jobs).filter(
        ([, job]) => job.permissions === undefined || typeof job.permissions === "string",
      );
      const target = typeof on === "object" && on !== null && "pull_request_target" in on;
      return [
        ...(open
          ? [
              {
                level: "wrong" as const,
                text: `${name} gives its jobs permissions that they did not ask for.`,
                fix: "Write permissions: {} at its top, and what each job needs at the job.",
              },
            ]
          : []),
        ...wide.map(([job]) => ({
          level: "wrong" as const,
          text: `The job ${job} of ${name} does not say what it may do.`,
          fix: "Give it a permissions: block with the least that it needs.",
        })),
        ...(target
          ? [
              {
                level: "wrong" as const,
                text: `${name} runs with this repository's secrets for anybody's pull request (pull_request_target).`,
                fix: "Use pull_request: a fork's pull request gets no secrets, and a maintainer previews it from a branch.",
              },
            ]
          : []),
      ];
    });
  },
};
