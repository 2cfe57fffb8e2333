import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives all tests of a run one folder for temporary files, which goes with what they, and the processes that they kill, leave. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "quayside-tests-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
