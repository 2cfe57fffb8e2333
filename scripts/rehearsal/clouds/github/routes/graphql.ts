import { z } from "zod";
import { may } from "../auth.ts";
import { type Api, findRepo, type Hub, type Identity } from "../hub.ts";
import type { Comment } from "../model.ts";
import { idOfNode } from "../render.ts";
import { body, type RequestContext } from "../request.ts";

const Query = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).default({}),
});

const failed = (type: string, message: string, path: string) => ({
  data: { [path]: null },
  errors: [{ type, path: [path], message }],
});

/**
 * Two of GitHub's GraphQL operations: `viewer { login }`, which unlike REST's `/user` answers a workflow token too, and
 * the mutation `minimizeComment`, which REST does not have. https://docs.github.com/graphql/reference/mutations#minimizecomment
 */
export function graphqlRoutes(api: Api, hub: Hub): void {
  api.post("/graphql", async (c: RequestContext) => {
    const { query, variables } = await body(c, Query);
    const identity = c.get("identity");
    if (/\bminimizeComment\b/.test(query)) return c.json(minimize(hub, identity, query, variables));
    if (/\bviewer\b/.test(query)) return c.json({ data: { viewer: { login: identity.user.login } } });
    return c.json({ errors: [{ message: "This rehearsal knows viewer and minimizeComment only" }] });
  });
}

function minimize(hub: Hub, identity: Identity, query: string, variables: Record<string, unknown>): unknown {
  const argument = (name: string): string => {
    const match = new RegExp(`\\b${name}\\s*:\\s*(?:\\$(\\w+)|"([^"]*)"|(\\w+))`).exec(query);
    const value = match?.[1] === undefined ? (match?.[2] ?? match?.[3]) : variables[match[1]];
    const whole = z.object({ [name]: z.string() }).safeParse(variables.input);
    return typeof value === "string" ? value : whole.success ? (whole.data[name] ?? "") : "";
  };
  const subject = argument("subjectId");
  const id = idOfNode("IC", subject);
  const found = id === undefined ? undefined : findComment(hub, id);
  if (!found)
    return failed(
      "NOT_FOUND",
      `Could not resolve to a node with the global id of '${subject}'`,
      "minimizeComment",
    );
  if (!may(identity, "issues", "write") && !may(identity, "pull-requests", "write"))
    return failed("FORBIDDEN", "Resource not accessible by integration", "minimizeComment");
  const reason = argument("classifier").toLowerCase();
  found.save({ ...found.comment, minimized: reason });
  return {
    data: { minimizeComment: { minimizedComment: { isMinimized: true, minimizedReason: reason } } },
  };
}

function findComment(
  hub: Hub,
  id: number,
): { comment: Comment; save: (comment: Comment) => void } | undefined {
  for (const { owner, name } of hub.repositories.list()) {
    const repo = findRepo(hub, owner, name);
    const issue = repo?.commentIssues.get(id);
    const comment = issue === undefined ? undefined : repo?.comments(issue).get(id);
    if (repo && comment)
      return { comment, save: (saved) => void repo.comments(comment.issue).put(id, saved) };
  }
  return undefined;
}
