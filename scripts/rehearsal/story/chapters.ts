import { actions } from "./actions/chapter.ts";
import type { Chapter } from "./chapter.ts";
import { edge } from "./edge/chapter.ts";
import { githubSecrets } from "./github-secrets/chapter.ts";
import { intake } from "./intake/chapter.ts";
import { loop } from "./loop.ts";
import { recovery } from "./recovery/chapter.ts";
import { review } from "./review.ts";
import { rollbacks } from "./rollbacks/chapter.ts";
import { server } from "./server/chapter.ts";
import { setup } from "./setup.ts";

/** All chapters. The first is what `npm run rehearse` plays when it is not told otherwise. */
export const CHAPTERS: readonly Chapter[] = [
  loop,
  review,
  setup,
  actions,
  githubSecrets,
  rollbacks,
  intake,
  server,
  edge,
  recovery,
];

/** The chapter that a scene is in; scenes have names of their own. */
export function chapterOfScene(name: string): Chapter | undefined {
  return CHAPTERS.find(({ scenes }) => scenes.some((scene) => scene.name === name));
}
