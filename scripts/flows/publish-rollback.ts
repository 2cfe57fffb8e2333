import { approvalWord } from "../change/approval-word.ts";
import { code, prose } from "../change/comment/escape.ts";
import { valueText } from "../change/comment/value-text.ts";
import { changedProperties, countsSentence, stepsForPeople, typeWords } from "../change/comment/words.ts";
import type { Step } from "../change/model.ts";
import type { Context } from "../context.ts";
import { appendSummary } from "../github/output.ts";
import { describeStep } from "../release/rollback-plan.ts";
import { redact } from "../secrets/redaction.ts";
import type { RollbackForecast } from "./rollback.ts";

/** Steps and values that are shown of an infrastructure; the rest is counted. */
const MOST_STEPS = 60;
const MOST_PROPERTIES = 8;

/** Shows what a rollback would change, in the log and in the job summary, before anything is done. */
export function showForecast(context: Context, forecast: RollbackForecast): void {
  const { stack, scope, from, to } = forecast;
  context.reporter.block(
    `Rollback of ${stack} from ${from.id} to ${to.id} (${scope})`,
    plainForecast(forecast).join("\n"),
  );
  appendSummary(redact(renderForecast(forecast)), context.env);
}

function plainForecast({ plan, infra }: RollbackForecast): string[] {
  return [
    ...plan.steps.flatMap((step) => [
      `  ${describeStep(step)}`,
      ...(step.kind === "infra" && infra ? infraLines(infra.preview.change.steps) : []),
    ]),
    ...(plan.steps.length === 0 ? ["  Nothing to do: this is what runs."] : []),
    ...plan.limits.map((limit) => `  Not undone: ${limit}`),
    ...(infra?.hazards ?? []).flatMap((hazard) => [
      `  ! ${hazard.rule} ${hazard.resource}: ${hazard.what}`,
      `    instead: ${hazard.avoid}`,
      `    to allow it: ${approvalWord(hazard, infra?.digest ?? "")}`,
    ]),
  ];
}

function infraLines(steps: readonly Step[]): string[] {
  const shown = steps.filter(({ component }) => !component);
  return [
    ...shown.slice(0, MOST_STEPS).map(({ operation, name, type, diffs }) => {
      const names = operation === "update" || operation === "replace" ? changedProperties(diffs) : [];
      return `    ${operation} ${name} (${typeWords(type)})${names.length > 0 ? `: ${names.map((each) => each.name).join(", ")}` : ""}`;
    }),
    ...(shown.length > MOST_STEPS ? [`    and ${shown.length - MOST_STEPS} more`] : []),
  ];
}

function renderForecast({ stack, scope, from, to, plan, infra }: RollbackForecast): string {
  const change = infra?.preview.change;
  const steps = change ? stepsForPeople(change) : [];
  return [
    `## Rollback of ${code(stack)} to ${code(to.id)}`,
    "",
    `From ${code(from.id)}, scope ${code(scope)}. ${plan.steps.length === 0 ? "Nothing to do: this is what runs." : "This is what it changes:"}`,
    "",
    ...plan.steps.map((step) => `- ${code(describeStep(step), 200)}`),
    ...(change ? ["", `Infrastructure: ${countsSentence(change)}`, ""] : [""]),
    ...(steps.length > 0
      ? [
          "| step | resource | what |",
          "|---|---|---|",
          ...steps
            .slice(0, MOST_STEPS)
            .map(
              ({ operation, name, type, diffs }) =>
                `| ${operation} | ${code(name)} ${code(typeWords(type))} | ${propertyCell(operation, diffs)} |`,
            ),
          ...(steps.length > MOST_STEPS
            ? ["", `And ${steps.length - MOST_STEPS} more; all are in the log.`]
            : []),
          "",
        ]
      : []),
    ...(infra?.hazards ?? []).map(
      (hazard) =>
        `> **${prose(hazard.rule)}** ${code(hazard.resource)}: ${prose(hazard.what)} Instead: ${prose(hazard.avoid)} To allow it: ${code(approvalWord(hazard, infra?.digest ?? ""))}\n`,
    ),
    ...(plan.limits.length > 0
      ? ["Does not come back:", "", ...plan.limits.map((limit) => `- ${prose(limit)}`), ""]
      : []),
  ].join("\n");
}

function propertyCell(operation: Step["operation"], diffs: Step["diffs"]): string {
  if (operation !== "update" && operation !== "replace") return "";
  const shown = diffs
    .slice(0, MOST_PROPERTIES)
    .map(({ path, before, after }) => code(`${path}: ${valueText(before, 40)} → ${valueText(after, 40)}`));
  return [
    ...shown,
    ...(diffs.length > MOST_PROPERTIES ? [`and ${diffs.length - MOST_PROPERTIES} more`] : []),
  ].join("<br>");
}
