/** Shorter values are no secrets worth the harm that their removal would do to every text (`1`, `true`, `dev`). */
const SHORTEST = 6;
const REDACTED = "[secret]";

const known = new Set<string>();

/**
 * Makes a value known as secret: {@link redact} takes it out of every text from now on, and GitHub's runner, where there
 * is one, masks it in the log. Its usual disguises (JSON, URL, base64) are known with it.
 */
export function mask(value: string): void {
  if (value.length < SHORTEST) return;
  for (const form of disguises(value)) {
    if (known.has(form)) continue;
    known.add(form);
    // https://docs.github.com/actions/reference/workflow-commands-for-github-actions#masking-a-value-in-a-log
    if (process.env.GITHUB_ACTIONS === "true") process.stderr.write(`::add-mask::${escapeCommand(form)}\n`);
  }
}

/** The text with every known secret replaced. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of [...known].sort((a, b) => b.length - a.length)) {
    if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
  }
  return clean;
}

function disguises(value: string): string[] {
  const lines = value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.length >= 16);
  const forms = [
    value,
    value.trim(),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString("base64"),
    Buffer.from(value).toString("base64url"),
    Buffer.from(value).toString("hex"),
    ...(lines.length > 1 ? lines : []),
  ];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

function escapeCommand(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
