import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobOutcome } from "./runner.ts";

/** One thing that a scene expected, and whether it was so when looked at from outside. */
export interface Expectation {
  text: string;
  ok: boolean;
  /** What was seen instead, where it was not so. */
  seen?: string;
}

/** Something that a reader of the report may want to see for himself. `kind` says how to show it. */
export interface Evidence {
  title: string;
  kind: "comment" | "issue" | "summary" | "log" | "json" | "page" | "text";
  /** Relative to the report's folder. */
  file: string;
}

/** One scene as it was played. */
export interface PlayedScene {
  name: string;
  title: string;
  tells: string;
  seconds: number;
  expectations: Expectation[];
  jobs: { name: string; command: string; exitCode: number; seconds: number; file: string }[];
  evidence: Evidence[];
  /** What broke the scene off, where something did. */
  error?: string;
}

/** Writes down what a scene saw, as files beside the report. */
export class Notebook {
  readonly scene: PlayedScene;
  readonly #folder: string;
  #count = 0;

  constructor(folder: string, scene: Pick<PlayedScene, "name" | "title" | "tells">) {
    this.#folder = folder;
    this.scene = { ...scene, seconds: 0, expectations: [], jobs: [], evidence: [] };
    mkdirSync(join(folder, "evidence"), { recursive: true });
  }

  expect(text: string, ok: boolean, seen?: unknown): void {
    const shown = typeof seen === "string" ? seen : JSON.stringify(seen);
    this.scene.expectations.push({ text, ok, ...(ok ? {} : { seen: shown?.slice(0, 2000) ?? "nothing" }) });
  }

  keep(title: string, kind: Evidence["kind"], content: string): string {
    const extension = {
      comment: "md",
      issue: "md",
      summary: "md",
      log: "txt",
      json: "json",
      page: "html.txt",
      text: "txt",
    }[kind];
    const file = `evidence/${this.scene.name}-${++this.#count}.${extension}`;
    writeFileSync(join(this.#folder, file), content);
    this.scene.evidence.push({ title, kind, file });
    return file;
  }

  keepJob(job: JobOutcome): void {
    const file = `evidence/${this.scene.name}-${++this.#count}.log.txt`;
    writeFileSync(join(this.#folder, file), job.log);
    const { name, command, exitCode, seconds } = job;
    this.scene.jobs.push({ name, command, exitCode, seconds, file });
    if (job.summary) this.keep(`Job summary of ${name}`, "summary", job.summary);
  }
}
