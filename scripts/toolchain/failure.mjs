/**
 * Something that the person at the keyboard can mend: it is shown without a stack trace.
 * The same idea as `UserError` in scripts/errors.ts, which can't be loaded here: this runs before Node can read TypeScript.
 */
export class ToolchainFailure extends Error {
  /**
   * @param {string} code kebab-case and stable
   * @param {string} message what was being done, and what came back
   * @param {string} fix what to do about it, one or several lines
   * @param {{ exitCode?: 1 | 2, output?: string }} [more] `output`: what the child process printed, shown whole
   */
  constructor(code, message, fix, more = {}) {
    super(message);
    this.name = "ToolchainFailure";
    this.code = code;
    this.fix = fix;
    this.exitCode = more.exitCode ?? 1;
    this.output = more.output ?? "";
  }
}

/**
 * @param {ToolchainFailure} failure
 * @returns {string} the text for stderr: the child's output first, so that the word on what to do stands last
 */
export function describeFailure(failure) {
  const output = failure.output.trimEnd();
  const fix = failure.fix.split("\n").map((line) => `  ${line}`);
  return [...(output ? [output, ""] : []), `error: ${failure.message} (${failure.code})`, ...fix, ""].join(
    "\n",
  );
}
