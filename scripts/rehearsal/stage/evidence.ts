import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobOutcome } from "./runner.ts";

/** One thing that a scene expected, and whether it was so when looked at from outside. */
export interface Expectation {
  text: string;
  ok: boolean;
  /** What was seen instead, where it was not so; its beginning, where it is long. */
  seen?: string;
  /** Where the whole of it is, relative to the report's folder. */
  file?: string;
}

/** Something that a reader of the report may want to see for himself. `kind` says how to show it. */
export interface Evidence {
  title: string;
  kind: "comment" | "issue" | "summary" | "log" | "json" | "page" | "text" | "picture";
  /** Relative to the report's folder. */
  file: string;
}

/** One scene as it was played. */
export interface PlayedScene {
  /** The name of its chapter. */
  chapter: string;
  name: string;
  title: string;
  tells: string;
  seconds: number;
  expectations: Expectation[];
  jobs: { name: string; command: string; exitCode: number; seconds: number; file: string }[];
  evidence: Evidence[];
  /** What was measured, each a sentence; told on the terminal too. */
  figures?: string[];
  /** What broke the scene off, where something did. */
  error?: string;
}

type Told = Pick<PlayedScene, "chapter" | "name" | "title" | "tells">;

/** In characters. */
const LONGEST_SEEN = 2000;

function readable(seen: unknown): string {
  if (typeof seen === "string") return seen.trim() === "" ? "nothing" : seen;
  if (Array.isArray(seen) && seen.length > 0 && seen.every((line) => typeof line === "string"))
    return seen.join("\n");
  return JSON.stringify(seen, undefined, 2) ?? "nothing";
}

/** Writes down what a scene saw, as files beside the report. */
export class Notebook {
  readonly scene: PlayedScene;
  readonly #report: string;
  #count = 0;

  /** @param report the folder of the report; the evidence goes into `<chapter>/evidence` below it */
  constructor(report: string, { chapter, name, title, tells }: Told) {
    this.#report = report;
    this.scene = { chapter, name, title, tells, seconds: 0, expectations: [], jobs: [], evidence: [] };
    mkdirSync(join(report, chapter, "evidence"), { recursive: true });
  }

  /** @param seen what a person needs to see when it is not so: a text, the lines of one, or data */
  expect(text: string, ok: boolean, seen?: unknown): void {
    if (ok) {
      this.scene.expectations.push({ text, ok });
      return;
    }
    const whole = readable(seen);
    const file =
      whole.length > LONGEST_SEEN ? this.keep(`Seen instead of “${text}”`, "text", whole) : undefined;
    this.scene.expectations.push({ text, ok, seen: whole.slice(0, LONGEST_SEEN), ...(file ? { file } : {}) });
  }

  /** @param text what was measured, a sentence: on the terminal it stands below the scene's line */
  measure(text: string): void {
    this.expect(text, true);
    this.scene.figures = [...(this.scene.figures ?? []), text];
  }

  /** @param png shown in the report as it is */
  keepPicture(title: string, png: Buffer): void {
    const file = this.#write("png", png);
    this.scene.evidence.push({ title, kind: "picture", file });
  }

  keep(title: string, kind: Exclude<Evidence["kind"], "picture">, content: string): string {
    const extension = {
      comment: "md",
      issue: "md",
      summary: "md",
      log: "txt",
      json: "json",
      page: "html.txt",
      text: "txt",
    }[kind];
    const file = this.#write(extension, content);
    this.scene.evidence.push({ title, kind, file });
    return file;
  }

  keepJob(job: JobOutcome): void {
    if (job.needed) this.keepJob(job.needed);
    const file = this.#write("log.txt", job.log);
    const { name, command, exitCode, seconds } = job;
    this.scene.jobs.push({ name, command, exitCode, seconds, file });
    if (job.summary) this.keep(`Job summary of ${name}`, "summary", job.summary);
  }
  #write(extension: string, content: string | Buffer): string {
    const { chapter, name } = this.scene;
    const file = `${chapter}/evidence/${name}-${++this.#count}.${extension}`;
    writeFileSync(join(this.#report, file), content);
    return file;
  }
}
