import { randomUUID } from "node:crypto";
import { appendFileSync, statSync } from "node:fs";

/** Where workflow commands go. The runner reads both streams; stdout is kept for `--json`. */
export interface Sink {
  write(text: string): unknown;
}

export interface Place {
  /** Relative to the repository. */
  file?: string;
  line?: number;
  title?: string;
}

/** A step's summary holds 1 MiB at most; a larger one is refused whole. */
const SUMMARY_MAX_BYTES = 1024 * 1024;
const CUT = "\n\n… cut: a summary holds 1 MiB at most.\n";

/*
 * GitHub's workflow commands are three lines of text each. `@actions/core` writes the same, but takes 100 ms to load
 * for its HTTP client; a test holds this file against it.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */

function inActions(env: NodeJS.ProcessEnv): boolean {
  return env.GITHUB_ACTIONS === "true";
}

/** Gives a step output to the next steps; outside of Actions there are none. */
export function setOutput(name: string, value: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!env.GITHUB_OUTPUT) return;
  const delimiter = `ghadelimiter_${randomUUID()}`;
  appendFileSync(env.GITHUB_OUTPUT, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
}

/**
 * Adds Markdown to the job's summary page.
 *
 * @returns `cut` if the page had no room for all of it, `none` outside of Actions
 */
export function appendSummary(
  markdown: string,
  env: NodeJS.ProcessEnv = process.env,
): "whole" | "cut" | "none" {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return "none";
  const text = markdown.endsWith("\n") ? markdown : `${markdown}\n`;
  const room = SUMMARY_MAX_BYTES - (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const bytes = Buffer.from(text);
  if (bytes.length <= room) {
    appendFileSync(file, bytes);
    return "whole";
  }
  const kept = bytes.subarray(0, Math.max(0, room - Buffer.byteLength(CUT)));
  // Whole lines only, so that no table row and no character is cut in two.
  const lines = kept.subarray(0, kept.lastIndexOf("\n") + 1);
  if (room >= Buffer.byteLength(CUT)) appendFileSync(file, Buffer.concat([lines, Buffer.from(CUT)]));
  return "cut";
}

/** Tells the runner to blank the value in every log from now on. Outside of Actions nothing is written: it would show it. */
export function maskSecret(
  value: string,
  env: NodeJS.ProcessEnv = process.env,
  sink: Sink = process.stderr,
): void {
  if (!inActions(env) || value.trim() === "") return;
  sink.write(`::add-mask::${escapeData(value)}\n`);
}

/** Opens a fold in the log. */
export function group(
  title: string,
  env: NodeJS.ProcessEnv = process.env,
  sink: Sink = process.stderr,
): void {
  sink.write(inActions(env) ? `::group::${escapeData(title)}\n` : `${title}\n`);
}

export function endGroup(env: NodeJS.ProcessEnv = process.env, sink: Sink = process.stderr): void {
  if (inActions(env)) sink.write("::endgroup::\n");
}

/** Shows an error on the run's page, and at its place in a pull request. */
export function annotateError(
  message: string,
  place: Place = {},
  env: NodeJS.ProcessEnv = process.env,
  sink: Sink = process.stderr,
): void {
  annotate("error", message, place, env, sink);
}

export function annotateWarning(
  message: string,
  place: Place = {},
  env: NodeJS.ProcessEnv = process.env,
  sink: Sink = process.stderr,
): void {
  annotate("warning", message, place, env, sink);
}

function annotate(
  level: "error" | "warning",
  message: string,
  place: Place,
  env: NodeJS.ProcessEnv,
  sink: Sink,
): void {
  if (!inActions(env)) {
    const where = place.file === undefined ? "" : ` (${place.file}${place.line ? `:${place.line}` : ""})`;
    sink.write(`${level}: ${message}${where}\n`);
    return;
  }
  const properties = (["title", "file", "line"] as const)
    .flatMap((name) => (place[name] === undefined ? [] : [`${name}=${escapeProperty(String(place[name]))}`]))
    .join(",");
  sink.write(`::${level}${properties && ` ${properties}`}::${escapeData(message)}\n`);
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
