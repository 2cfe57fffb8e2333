import { dirname } from "node:path";
import { expect, it } from "vitest";
import { Bench } from "../../setup/bench.ts";
import { nobody } from "../../setup/interviewer.ts";
import { openProgress } from "../../setup/progress.ts";
import { contextIn } from "../../setup/testing/world.ts";
import { readProject } from "../../stack/stacks.ts";
import { documentation } from "./documentation.ts";

const ROOT = dirname(dirname(dirname(import.meta.dirname)));

it("finds the page on hazards well where a team has rules of its own", async () => {
  const { context } = contextIn(ROOT, {});
  const progress = openProgress(ROOT, false);
  const bench = new Bench({ context, project: readProject(ROOT), interviewer: nobody, progress });
  await expect(documentation.look(bench)).resolves.toEqual([]);
});
