import { badRelease } from "./bad-release.ts";
import { bootstrap } from "./bootstrap.ts";
import { drift } from "./drift.ts";
import { merge } from "./merge.ts";
import { pullRequest } from "./pull-request.ts";
import { release } from "./release.ts";
import { rollback } from "./rollback.ts";
import type { Scene } from "./scene.ts";
import { secrets } from "./secrets.ts";

/** The loop as a person lives it; each scene stands on the ones before it. */
export const STORY: readonly Scene[] = [
  bootstrap,
  pullRequest,
  merge,
  release,
  badRelease,
  rollback,
  drift,
  secrets,
];
