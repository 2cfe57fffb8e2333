import { identifyCaller } from "../flows/environment.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  summary: "Print the releases of a stack, newest first",
  usage: "releases -- <stack>",
  examples: ["npm run releases -- prod"],
  positionals: ["stack"],
  options: {},
  async run(context, { positionals }) {
    const stack = requireStack(readProject(context.root), positionals[0]);
    const releases = await identifyCaller(context).releases.list(stack, 30);
    const rows = releases.map(({ id, kind, outcome, sha, actor, finishedAt, startedAt }) =>
      [
        (finishedAt ?? startedAt).slice(0, 16).replace("T", " "),
        id,
        kind,
        outcome,
        sha.slice(0, 7),
        actor,
      ].map(String),
    );
    const header = ["finished (UTC)", "release", "kind", "outcome", "commit", "by"];
    const widths = header.map((title, column) =>
      Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
    );
    const line = (row: string[]) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd();
    context.reporter.say([line(header), ...rows.map(line)].join("\n"));
    return { outcome: "succeeded", releases };
  },
};
