import { styleText } from "node:util";
import { annotateError, annotateWarning, endGroup, group } from "../github/output.ts";
import { redact } from "../secrets/redaction.ts";

/** How a command tells what it is doing. Everything goes to one stream (stderr), so that stdout stays for results. */
export interface Reporter {
  /**
   * Tells of one piece of work: that it goes on, how far it is (`note`), and how it ended, with the time that it took.
   * Pieces may run at the same time.
   */
  step<T>(
    title: string,
    work: (note: (text: string) => void) => Promise<T>,
    ended?: (result: T) => string,
  ): Promise<T>;
  say(text: string): void;
  /** In Actions also on the run's page, as an annotation. */
  warn(text: string): void;
  /** What a command ended with; in Actions an annotation too. */
  fail(title: string, text: string): void;
  /** A foldable block in GitHub's log; a plain heading and body elsewhere. */
  block(title: string, body: string): void;
  /** Stops the live line; call it before the process ends. */
  close(): void;
}

export interface ReporterOptions {
  /** A terminal where it says so by `isTTY`. */
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** In Actions: groups and annotations instead of plain lines. */
  github: boolean;
  now?: () => number;
  /** Milliseconds between the lines that say what still goes on, where the stream is no terminal. */
  heartbeatMs?: number;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** A reporter with one live line on a terminal, and plain lines (with a heartbeat) everywhere else. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stream, github } = options;
  const now = options.now ?? (() => performance.now());
  const live = stream.isTTY === true && !github;
  const active = new Map<symbol, { title: string; note: string; since: number }>();
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream, validateStream: true });
  const seconds = (since: number) => `${((now() - since) / 1000).toFixed(1)} s`;
  const clear = () => {
    if (live) stream.write("\r\u001b[2K");
  };
  const draw = () => {
    if (!live || active.size === 0) return;
    const parts = [...active.values()].map(({ title, note }) => (note ? `${title}: ${note}` : title));
    const [oldest] = active.values();
    const width = Math.max(20, (stream.columns ?? 80) - 12);
    const text = redact(parts.join("  ·  "));
    const shown = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    stream.write(
      `\r\u001b[2K${paint("cyan", FRAMES[frame++ % FRAMES.length] ?? "")} ${shown} ${paint("dim", oldest ? seconds(oldest.since) : "")}`,
    );
  };
  const write = (text: string) => {
    clear();
    stream.write(text);
    draw();
  };
  const line = (text: string) => write(`${github ? disarm(redact(text)) : redact(text)}\n`);
  // The commands of the log are written by hand-over: their text is escaped, and nothing else writes any.
  const actions = { GITHUB_ACTIONS: "true" };
  const schedule = () => {
    if (active.size === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    if (timer) return;
    timer = live
      ? setInterval(draw, 100)
      : setInterval(() => {
          for (const { title, note, since } of active.values())
            line(`  … ${title}${note ? `: ${note}` : ""} (${seconds(since)})`);
        }, options.heartbeatMs ?? 10_000);
    timer.unref();
  };

  return {
    async step(title, work, ended) {
      const key = Symbol(title);
      const entry = { title, note: "", since: now() };
      active.set(key, entry);
      schedule();
      draw();
      const end = (mark: string, text: string) => {
        active.delete(key);
        line(
          `${mark} ${title}${text ? paint("dim", `  ${text}`) : ""}${paint("dim", `  ${seconds(entry.since)}`)}`,
        );
        schedule();
      };
      try {
        const result = await work((note) => {
          entry.note = note;
        });
        end(paint("green", "✓"), ended?.(result) ?? "");
        return result;
      } catch (error) {
        end(paint("red", "✗"), "");
        throw error;
      }
    },
    say: (text) => line(text),
    warn(text) {
      if (github) annotateWarning(redact(text), {}, actions, { write });
      else line(`${paint("yellow", "!")} ${text}`);
    },
    fail(title, text) {
      if (github) annotateError(redact(text), { title: redact(title) }, actions, { write });
      else line(`\n${paint("red", `${title}:`)} ${text}`);
    },
    block(title, body) {
      if (!github) return line(`${paint("bold", title)}\n${body}`);
      group(redact(title), actions, { write });
      line(body);
      endGroup(actions, { write });
    },
    close() {
      clearInterval(timer);
      active.clear();
      clear();
    },
  };
}

/**
 * Takes workflow commands out of text that others wrote (an engine, a provider, a pull request): the runner would obey any
 * line that starts with `::`, and `##[` anywhere. https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
function disarm(text: string): string {
  return text.replaceAll(/^(\s*:):/gm, "$1\u200b:").replaceAll("##[", "#\u200b#[");
}
