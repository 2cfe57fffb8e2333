import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { mask } from "../secrets/redaction.ts";
import type { Project } from "../stack/stacks.ts";
import { type Interviewer, nobody } from "./interviewer.ts";
import type { Progress } from "./progress.ts";
import type { Question } from "./question.ts";

/** An answer that nobody gives, or that is known and wrong: what depends on it can't be looked at. */
export class Unanswered extends UserError {
  /** What is wrong with the answer that is known; undefined where none is. */
  readonly refused: string | undefined;

  constructor(question: Question, refused: string | undefined) {
    super(
      "setup-unanswered",
      refused === undefined
        ? `Nobody answers “${question.text}” (${question.name}).`
        : `${question.text} (${question.name}): ${refused}`,
      `Put ${question.name} into the answers file, or run npm run setup on a terminal.${question.link ? ` Where one gets it: ${question.link}` : ""}`,
      EXIT.usage,
    );
    this.refused = refused;
  }
}

/** What the steps work on: the answers, and what was found out by them, each once. */
export class Bench {
  readonly context: Context;
  readonly project: Project;
  /** Things to know that are no reason to stop. */
  readonly notes = new Set<string>();
  /** Whether nothing may be made, not even for a moment. */
  readonly onlyLooks: boolean;
  /** How many questions a person, or a file in their place, has answered. */
  asked = 0;
  readonly #interviewer: Interviewer;
  readonly #progress: Progress;
  readonly #answers = new Map<string, Promise<string>>();
  readonly #facts = new Map<string, Promise<unknown>>();

  constructor(options: { context: Context; project: Project; interviewer: Interviewer; progress: Progress }) {
    this.context = options.context;
    this.project = options.project;
    this.onlyLooks = options.interviewer === nobody;
    this.#interviewer = options.interviewer;
    this.#progress = options.progress;
  }

  /**
   * The answer to a question, checked; an empty text where an optional one is left open.
   *
   * @throws Unanswered where nobody answers; UserError `setup-answer-wrong`
   */
  ask(question: Question): Promise<string> {
    return remember(this.#answers, question.name, () => this.#find(question));
  }

  /** Something that is found out once and used by several steps. */
  fact<T>(name: string, find: () => Promise<T>): Promise<T> {
    return remember(this.#facts, name, find) as Promise<T>;
  }

  async #find(question: Question): Promise<string> {
    const insisted = this.#interviewer.insists(question);
    const known =
      insisted === undefined
        ? (this.#progress.answers[question.name] ?? (await question.find?.(this)))
        : undefined;
    let complaint = known === undefined ? undefined : await this.#complaint(question, known);
    if (known !== undefined && complaint === undefined) return known;
    // What is asked can be answered wrongly any number of times by a person, and once by a file.
    for (;;) {
      const suggestion = await question.suggest?.(this);
      const answer = (await this.#interviewer.answer(question, suggestion, complaint))?.trim();
      if (answer === undefined) throw new Unanswered(question, complaint);
      this.asked += 1;
      if (question.secret) mask(answer);
      complaint = await this.#complaint(question, answer);
      if (complaint === undefined) {
        if (!question.secret) this.#progress.answer(question.name, answer);
        return answer;
      }
    }
  }

  /** What is wrong with an answer; what is to be known about it is noted. */
  async #complaint(question: Question, answer: string): Promise<string | undefined> {
    if (question.secret && answer !== "") mask(answer);
    if (answer === "")
      return question.optional ? undefined : `${question.name} has to be answered: ${question.purpose}`;
    if (question.choices && !question.choices.some(({ value }) => value === answer))
      return `${question.name} is one of ${question.choices.map(({ value }) => value).join(", ")}.`;
    const findings = (await question.check?.(this, answer)) ?? [];
    const wrong = findings.filter((finding) => finding.wrong).map(({ text }) => text);
    if (wrong.length > 0) return wrong.join("\n");
    for (const { text } of findings) this.notes.add(`${question.name}: ${text}`);
    return undefined;
  }
}

function remember<T>(known: Map<string, Promise<T>>, name: string, find: () => Promise<T>): Promise<T> {
  const before = known.get(name);
  if (before) return before;
  const finding = find();
  known.set(name, finding);
  // What failed is tried again by the next who asks.
  finding.catch(() => known.delete(name));
  return finding;
}
