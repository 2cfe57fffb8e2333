import { RunError } from "@pulumi/pulumi/errors.js";

/**
 * Something about the stack that a person can mend. The stock program host prints a RunError without a stack trace,
 * and the engine fails the preview before any resource is touched.
 */
export class StackProblem extends RunError {
  constructor(what: string, fix: string) {
    super(`${what}\n\n${fix}`);
    this.name = "StackProblem";
  }
}
