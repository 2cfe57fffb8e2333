import { maskSecret } from "../github/output.ts";

/** Shorter values are no secrets worth the harm that their removal would do to every text (`1`, `true`, `dev`). */
const SHORTEST = 6;
/** A line of a PEM block or of another text of several lines, when it is this long, is a secret by itself. */
const LONG_LINE = 16;
const REDACTED = "[secret]";

const known = new Set<string>();
/** The same, longest first: of two that overlap the longer one is taken out whole. Undefined where it is to be made anew. */
let longestFirst: string[] | undefined;

/**
 * Makes a value known as secret: {@link redact} takes it out of every text from now on, and GitHub's runner, where there
 * is one, masks it in the log. Its usual disguises (JSON, URL, base64, hex) are known with it.
 */
export function mask(value: string): void {
  if (value.length < SHORTEST) return;
  for (const form of disguises(value)) {
    if (known.has(form)) continue;
    known.add(form);
    longestFirst = undefined;
    maskSecret(form);
  }
}

/** The text with every known secret replaced. */
export function redact(text: string): string {
  longestFirst ??= [...known].sort((a, b) => b.length - a.length);
  let clean = text;
  for (const secret of longestFirst) {
    if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
  }
  return clean;
}

/** The forms in which a value turns up in other texts. */
function disguises(value: string): string[] {
  const json = inJson(value);
  const lines = value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.length >= LONG_LINE);
  const forms = [
    value,
    value.trim(),
    json,
    // A text in JSON that is a field of JSON again: an event inside a log line, a payload inside a request.
    inJson(json),
    // Go's encoder, which writes the engine's output, escapes what HTML minds.
    json.replaceAll(/[&<>]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    encodeURIComponent(value),
    new URLSearchParams([["", value]]).toString().slice(1),
    Buffer.from(value).toString("base64"),
    Buffer.from(value).toString("base64url"),
    ...insideBase64(value),
    Buffer.from(value).toString("hex"),
    ...(lines.length > 1 ? lines : []),
  ];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * What base64 makes of the value inside a longer text (`user:token` of a Basic header): one form for each place in a group
 * of three bytes where it can start, without the characters that its neighbours have a share in.
 */
function insideBase64(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const own = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
    return [padded.toString("base64").slice(...own), padded.toString("base64url").slice(...own)];
  });
}
