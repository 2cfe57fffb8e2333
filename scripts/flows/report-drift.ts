import { code, link, prose } from "../change/comment/escape.ts";
import { valueText } from "../change/comment/value-text.ts";
import { time } from "../change/comment/words.ts";
import type { Context } from "../context.ts";
import { closeIssue, openIssue, upsertIssue } from "../github/issue.ts";
import { appendSummary } from "../github/output.ts";
import { redact } from "../secrets/redaction.ts";
import type { Drift, DriftFinding } from "./drift.ts";
import type { Caller } from "./environment.ts";

/** What one issue shows; the rest is counted. GitHub's limit for a body is 65,536 characters. */
const MOST_FINDINGS = 30;
const MOST_PROPERTIES = 6;
const LONGEST_VALUE = 60;

/**
 * Keeps one issue a stack about its drift: opened, updated, and closed when the drift is gone. It says what differs, since
 * when, and the two ways out.
 *
 * @returns what became of the issue: `created`, `updated`, `unchanged`, `closed`, `none`
 */
export async function reportDrift(context: Context, caller: Caller, drift: Drift): Promise<string> {
  const { stack, findings } = drift;
  const { github } = caller;
  const label = `drift:${stack}`;
  context.reporter.say(plainDrift(drift).join("\n"));
  if (!github) return findings.length === 0 ? "none" : "not written: no GitHub";
  if (findings.length === 0) {
    const comment = `Gone at ${time(context.now().toISOString())}: ${stack} is again what its last release says.`;
    const closed = await closeIssue(github, { label, comment });
    appendSummary(`## ${stack}: no drift\n`, context.env);
    return closed ? "closed" : "none";
  }
  const first = firstSeen((await openIssue(github, label))?.body, drift, context.now());
  const body = redact(renderDrift(drift, first));
  appendSummary(`## ${stack}: drifted\n\n${body}\n`, context.env);
  const { action } = await upsertIssue(github, {
    label,
    title: `${stack} is not what its last release says`,
    body,
  });
  return action;
}

function plainDrift({ stack, findings }: Drift): string[] {
  if (findings.length === 0) return [`${stack}: no drift.`];
  return [
    `${stack} is not what its last release says:`,
    ...findings.flatMap(({ what, diffs }) => [
      `  ${what}`,
      ...diffs.map(
        ({ path, before, after }) =>
          `    ${path}: is ${valueText(after, LONGEST_VALUE)}, was left as ${valueText(before, LONGEST_VALUE)}`,
      ),
    ]),
    `To put it back: npm run drift -- ${stack} --fix`,
  ];
}

/** When each finding was seen first: the issue's own body remembers it from night to night. */
function firstSeen(body: string | undefined, { findings }: Drift, now: Date): Map<string, string> {
  const known = new Map<string, string>();
  for (const [, key = "", at = ""] of body?.matchAll(/^<!-- seen (.+) (\S+Z) -->$/gm) ?? [])
    known.set(key, at);
  return new Map(
    findings.map((finding) => {
      const key = keyOf(finding);
      return [key, finding.since ?? known.get(key) ?? now.toISOString()];
    }),
  );
}

/** A key that can stand in an HTML comment. */
function keyOf({ key }: DriftFinding): string {
  return encodeURIComponent(key);
}

/** What was found of a part: `runs … and not …`. */
function sentence({ verb, is, should }: DriftFinding): string {
  const now = `${prose(verb)}${is === undefined ? "" : ` ${code(is)}`}`;
  return should === undefined ? `${now}.` : `${now} and not ${code(should)}.`;
}

function renderDrift({ stack, release, findings }: Drift, first: Map<string, string>): string {
  const shown = findings.slice(0, MOST_FINDINGS);
  const since = (finding: DriftFinding) => first.get(keyOf(finding)) ?? "";
  const told = (finding: DriftFinding) =>
    finding.since
      ? `since ${time(finding.since)}${finding.by ? `, by ${code(finding.by)}` : ""}`
      : `first seen ${time(since(finding))}`;
  return [
    release
      ? `**${stack}** is not what its last release ${link(code(release.id), release.runUrl)} says. Somebody changed it past the pipeline, or it changed by itself.`
      : `**${stack}** is not as its last update left it.`,
    "",
    ...shown.flatMap((finding) => [
      `- **${prose(finding.part)}${finding.name ? ` ${code(finding.name)}` : ""}** ${sentence(finding)} *(${told(finding)})*`,
      ...finding.diffs
        .slice(0, MOST_PROPERTIES)
        .map(
          ({ path, before, after }) =>
            `  - ${code(path)}: is ${code(valueText(after, LONGEST_VALUE))}, was left as ${code(valueText(before, LONGEST_VALUE))}`,
        ),
      ...(finding.diffs.length > MOST_PROPERTIES
        ? [`  - and ${finding.diffs.length - MOST_PROPERTIES} more`]
        : []),
    ]),
    ...(findings.length > shown.length ? [`- and ${findings.length - shown.length} more`] : []),
    "",
    "### Two ways out",
    "",
    "1. **It was right:** bring the code up to it in a pull request. Its preview compares with the state, which does not know of the change yet: let the deployment of the merge refresh, as the second way does.",
    `2. **It was not:** put it back. \`gh workflow run drift.yml -f stack=${stack} -f fix=true\` starts the deployment of what ${stack} should run, with a refresh.`,
    "",
    "The check of the next night, or of the next deployment, updates this issue and closes it when the drift is gone.",
    "",
    ...shown.map((finding) => `<!-- seen ${keyOf(finding)} ${since(finding)} -->`),
  ].join("\n");
}
