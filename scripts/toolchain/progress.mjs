const PLAIN_INTERVAL_MS = 10_000;
const TTY_INTERVAL_MS = 200;

/**
 * @typedef {object} Step
 * @property {(text: string) => void} update replaces what is said about the step
 * @property {(text: string) => void} note leaves a line behind at once, and goes on
 * @property {(text?: string) => void} end takes the line away; with a text, leaves that one line behind
 */

/**
 * Says on stderr what takes long: on a terminal one line that renews itself, elsewhere (a log) a plain line at once and
 * one every ten seconds. stdout is never touched, it belongs to the command.
 *
 * @param {string} title for example `npm packages`
 * @param {string} [text]
 * @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} [stream]
 * @returns {Step}
 */
export function startStep(title, text = "", stream = process.stderr) {
  const started = Date.now();
  let current = text;
  let plainLines = 0;

  const clear = () => stream.isTTY && stream.write("\r\x1b[2K");
  const show = () => {
    const line = `${title}${current ? `: ${current}` : ""}`;
    const elapsed = ` (${duration(Date.now() - started)})`;
    if (stream.isTTY) stream.write(`\r\x1b[2K${(line + elapsed).slice(0, (stream.columns ?? 80) - 1)}`);
    else stream.write(`${line}${plainLines === 0 ? "" : elapsed}\n`);
    plainLines += 1;
  };
  show();
  const timer = setInterval(show, stream.isTTY ? TTY_INTERVAL_MS : PLAIN_INTERVAL_MS);
  timer.unref();

  return {
    update(next) {
      current = next;
    },
    note(line) {
      clear();
      stream.write(`${title}: ${line}\n`);
    },
    end(last) {
      clearInterval(timer);
      clear();
      if (last) stream.write(`${title}: ${last} (${duration(Date.now() - started)})\n`);
    },
  };
}

/**
 * @param {number} ms
 * @returns {string} `8 s`, `2 min 5 s`
 */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
