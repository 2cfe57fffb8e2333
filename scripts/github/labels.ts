import { z } from "zod";
import type { Github } from "./client.ts";

/** A label that stands on a pull request, with who put it there last and when. */
export interface GivenLabel {
  name: string;
  /** The login of the person; undefined for a bot, and where GitHub does not tell. */
  by: string | undefined;
  /** By GitHub's clock, in milliseconds. */
  at: number;
}

const Label = z.object({ name: z.string() });
const Event = z.object({
  event: z.string(),
  label: Label.nullish(),
  actor: z.object({ login: z.string(), type: z.string().nullish() }).nullish(),
  performed_via_github_app: z.unknown(),
  created_at: z.iso.datetime(),
});

/** By which a pull request asks for a database branch of its own. */
export const DATABASE_LABEL = "database";

/** The names of a pull request's labels as they are now. */
export async function labelNames(github: Github, number: number): Promise<string[]> {
  const labels = await github.paginate("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", {
    ...github.at,
    issue_number: number,
    per_page: 100,
  });
  return z
    .array(Label)
    .parse(labels)
    .map(({ name }) => name);
}

/**
 * The labels as they are now (those in an event are as old as the event, and a re-run has the same ones again), with the last
 * event that put each one there.
 * https://docs.github.com/rest/issues/events#list-issue-events
 */
export async function givenLabels(github: Github, number: number): Promise<GivenLabel[]> {
  const at = { ...github.at, issue_number: number, per_page: 100 };
  const [labels, events] = await Promise.all([
    github.paginate("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", at),
    github.paginate("GET /repos/{owner}/{repo}/issues/{issue_number}/events", at),
  ]);
  const given = new Map<string, GivenLabel>();
  // Oldest first.
  for (const { event, label, actor, performed_via_github_app, created_at } of z.array(Event).parse(events)) {
    if (event !== "labeled" || !label) continue;
    // An app that acts for a person may do so without asking it.
    const isPerson = actor?.type === "User" && !performed_via_github_app;
    given.set(label.name, {
      name: label.name,
      by: isPerson ? actor.login : undefined,
      at: Date.parse(created_at),
    });
  }
  return z
    .array(Label)
    .parse(labels)
    .flatMap(({ name }) => given.get(name) ?? []);
}
