import { openSsh } from "../drift.ts";
import type { Scene } from "../scene.ts";
import { keepRun } from "./keep-run.ts";
import type { ActionsMemory } from "./memory.ts";
import { driftRun } from "./runs.ts";

export const drift: Scene<ActionsMemory> = {
  name: "actions-drift",
  title: "drift.yml opens an issue, and closes it",
  tells:
    "Somebody opens SSH in prod's firewall by hand. The schedule starts drift.yml, which looks with read tokens and opens an issue; the next night it closes it.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    const close = await openSsh(stage);
    keepRun(notes, await driftRun(stage, sha), {
      drift: { result: "success", outputs: { outcome: "drifted" } },
    });
    const [issue, ...more] = await stage.github.issues("open");
    notes.expect("One issue is open", issue !== undefined && more.length === 0, [issue, ...more]);
    notes.expect("It names the port", issue?.body?.includes("22") === true, issue?.body);

    await close();
    keepRun(notes, await driftRun(stage, sha, "drift, the next night"), {
      drift: { result: "success" },
    });
    const closed = await stage.github.issues("closed");
    notes.expect(
      "The issue is closed",
      closed.some(({ number }) => number === issue?.number),
      closed,
    );
  },
};
