const PLAIN_INTERVAL_MS = 10_000;
const TTY_INTERVAL_MS = 200;

/**
 * @typedef {object} Step
 * @property {(text: string) => void} update replaces what is said about the step
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
  let lastPlain = "";

  const line = () => `${title}${current ? `: ${current}` : ""}`;
  const show = () => {
    if (stream.isTTY) {
      stream.write(
        `\r\x1b[2K${`${line()} (${duration(Date.now() - started)})`.slice(0, (stream.columns ?? 80) - 1)}`,
      );
    } else if (lastPlain === "") {
      lastPlain = line();
      stream.write(`${lastPlain}\n`);
    } else {
      lastPlain = line();
      stream.write(`${lastPlain} (${duration(Date.now() - started)})\n`);
    }
  };
  show();
  const timer = setInterval(show, stream.isTTY ? TTY_INTERVAL_MS : PLAIN_INTERVAL_MS);
  timer.unref();

  return {
    update(next) {
      current = next;
    },
    end(last) {
      clearInterval(timer);
      if (stream.isTTY) stream.write("\r\x1b[2K");
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
