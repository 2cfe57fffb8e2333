import { EXIT, type ExitCode, UserError } from "../errors.ts";

/** A lock on a stack's state, as a folder or a bucket keeps it: one file that says who made it. */
export interface StateLock {
  /** Where the file is: `file:///state/.pulumi/locks/organization/quayside/dev/<id>.json`, `s3://…`. */
  url: string;
  user: string;
  host: string;
  /** Of the engine that took it. */
  pid: number;
  /** By the clock of that host, in whole seconds. */
  at: string;
}

/** The update was refused because somebody holds the lock. Pulumi Cloud does not say who, so that `locks` is empty then. */
export class StateLocked extends UserError {
  readonly locks: readonly StateLock[];
  /** It is known who holds it, and that it stays; else nobody has asked yet. */
  judged = false;

  constructor(
    message: string,
    fix: string,
    locks: readonly StateLock[],
    exitCode: ExitCode = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super("state-locked", message, fix, exitCode, options);
    this.locks = locks;
  }
}

/** The locks that the engine names where it refuses an update. */
export function locksNamedIn(text: string): StateLock[] {
  return [...text.matchAll(/^\s*(\S+): created by ([^@\n]*)@(\S*) \(pid (\d+)\) at (\S+)$/gm)].map(
    ([, url = "", user = "", host = "", pid = "", at = ""]) => ({ url, user, host, pid: Number(pid), at }),
  );
}
