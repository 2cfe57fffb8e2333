import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEngineHome } from "../stage/engine-home.ts";

/**
 * Gives all tests of a run one folder for temporary files and for what the engine leaves. It goes with what they, and the
 * processes that they kill, have left in it.
 */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "quayside-tests-"));
  process.env.PULUMI_HOME = ownEngineHome(folder);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
