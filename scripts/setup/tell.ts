import type { Question } from "./question.ts";

/** All questions for a person who writes an answers file: what each is for, and where one gets it. */
export function tellQuestions(questions: readonly Question[]): string {
  const blocks = questions.map(({ name, text, purpose, link, choices, secret, optional, find, suggest }) => {
    const marks = [
      secret && "secret",
      optional && "may be left out",
      find && "found where it can be",
      suggest && "has a suggestion",
    ].filter(Boolean);
    return [
      `${name}${marks.length > 0 ? `  (${marks.join(", ")})` : ""}`,
      `  ${text}`,
      `  ${purpose}`,
      ...(choices ?? []).map(({ value, text: label }) => `    ${value}: ${label}`),
      ...(link ? [`  ${link}`] : []),
    ].join("\n");
  });
  return `${blocks.join("\n\n")}\n\nIn an answers file, \${NAME} stands for that variable of the environment: hetzner-token: \${HETZNER_TOKEN}\n`;
}

/** What comes after a run of the set-up. */
export function tellNext(run: {
  check: boolean;
  left: number;
  notes: string[];
  asked: number;
  seconds: number;
}): string {
  const notes = run.notes.length === 0 ? [] : ["", "To know:", ...run.notes.map((note) => `  ! ${note}`)];
  const questions = run.asked === 1 ? "one question" : `${run.asked} questions`;
  if (run.left > 0)
    return [
      ...notes,
      "",
      `${run.left === 1 ? "One step has" : `${run.left} steps have`} something left to do${run.check ? "; nothing was changed" : ""}.`,
      "npm run setup goes on where it stopped.",
    ].join("\n");
  return [
    ...notes,
    "",
    `Set up, with ${questions}, in ${run.seconds} s. What is left is a pull request:`,
    "",
    "  git switch -c setup",
    "  git commit -a -m 'Set up for our own domain'",
    "  git push origin setup",
    "",
    "Its preview says what dev and prod will be made of, and what that costs. Merging it brings dev up; then",
    "",
    "  git tag v1.0.0 && git push origin v1.0.0",
    "",
    "brings prod up, once it is approved. npm run doctor says at any time whether all is well.",
  ].join("\n");
}
