/** Exit codes of the CLI, the contract with workflows. */
export const EXIT = { done: 0, failed: 1, usage: 2, stopped: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that a person can mend: it is shown without a stack trace and ends the process with its exit code.
 * Everything else that is thrown is a bug and keeps its stack.
 */
export class UserError extends Error {
  /** Kebab-case and stable: workflows and the documentation refer to it. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** What to do about it, one imperative sentence or several lines. */
  readonly fix: string;

  constructor(
    code: string,
    message: string,
    fix: string,
    exitCode: ExitCode = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "UserError";
    this.code = code;
    this.fix = fix;
    this.exitCode = exitCode;
  }
}

/** What went wrong, for a sentence; whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
