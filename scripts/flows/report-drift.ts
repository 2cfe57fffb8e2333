import type { Value } from "../change/model.ts";
import type { Context } from "../context.ts";
import { closeIssue, upsertIssue } from "../github/issue.ts";
import { redact } from "../secrets/redaction.ts";
import type { Drift } from "./drift.ts";
import type { Caller } from "./environment.ts";

/** Keeps one issue a stack about its drift: opened, updated, and closed when the drift is gone. */
export async function reportDrift(context: Context, caller: Caller, drift: Drift): Promise<string> {
  const { stack, resources, edge } = drift;
  const label = `drift:${stack}`;
  const clean = resources.length + edge.length === 0;
  const text = renderDrift(drift);
  context.reporter.say(clean ? `${stack}: no drift.` : text);
  if (!caller.github) return clean ? "none" : "not written: no GitHub";
  if (clean) {
    const closed = await closeIssue(caller.github, { label, comment: `The drift of ${stack} is gone.` });
    return closed ? "closed" : "none";
  }
  const { action } = await upsertIssue(caller.github, {
    label,
    title: `${stack} is not what its last release says`,
    body: text,
  });
  return action;
}

function renderDrift({ stack, resources, edge }: Drift): string {
  return redact(
    [
      `Found past the pipeline on **${stack}**:`,
      "",
      ...resources.flatMap((step) => [
        `- \`${step.name}\` (\`${step.type}\`)`,
        ...step.diffs.map(
          ({ path, before, after }) => `  - \`${path}\`: \`${show(before)}\` → \`${show(after)}\``,
        ),
      ]),
      ...edge.map((sentence) => `- ${sentence}`),
      "",
      "Two ways out: bring the code up to it in a pull request, or put it back as docs/playbook.md (“Drift was found”) says.",
    ].join("\n"),
  );
}

function show(value: Value | undefined): string {
  return JSON.stringify(value ?? null)
    .replaceAll("`", "'")
    .slice(0, 300);
}
