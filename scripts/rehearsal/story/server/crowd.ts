import type { Stage } from "../../stage/stage.ts";
import { APP, ask } from "./look.ts";

/** Visitors that ask for the home page, eight at a time, until they are told to leave. */
export function startCrowd(stage: Stage) {
  const failures: string[] = [];
  const versions: string[] = [];
  let answers = 0;
  let least = Number.POSITIVE_INFINITY;
  const visitor = async () => {
    while (answers < least) {
      const { status, body } = await ask(stage, `${APP}/version`);
      answers++;
      if (status !== 200) failures.push(`${status} ${body.slice(0, 200)}`);
      else if (versions.at(-1) !== body && !versions.includes(body)) versions.push(body);
    }
  };
  const crowd = Promise.all(Array.from({ length: 8 }, visitor));
  return {
    versions: () => versions,
    async leave(atLeast: number) {
      least = Math.max(atLeast, answers);
      await crowd;
      return { answers, failures };
    },
  };
}
