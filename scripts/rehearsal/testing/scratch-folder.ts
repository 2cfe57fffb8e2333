import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ownEngineHome } from "../stage/engine-home.ts";
import { quickestPlace } from "./quickest-place.ts";

const NAME = "quayside-tests-";
const DAY_MS = 86_400_000;

/**
 * Gives all tests of a run one folder for temporary files and for what the engine leaves. It goes with what they, and the
 * processes that they kill, have left in it.
 */
export default function setup(): () => void {
  const place = quickestPlace();
  removeAbandoned(place);
  const folder = mkdtempSync(join(place, NAME));
  process.env.PULUMI_HOME = ownEngineHome(folder);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** What runs that were killed have left; no run takes a day. */
function removeAbandoned(place: string): void {
  for (const name of readdirSync(place).filter((each) => each.startsWith(NAME))) {
    const folder = join(place, name);
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > DAY_MS) rmSync(folder, { recursive: true, force: true });
  }
}
