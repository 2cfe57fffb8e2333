import type { Stage } from "../../stage/stage.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import { deployDev, push } from "./jobs.ts";
import { APP, ask, isMaintenance, reportOf, serverOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";

const MAINTENANCE = "the maintenance page";

export const move: Scene<ServerMemory> = {
  name: "move",
  title: "The servers move to another location",
  tells:
    "One line of the stack's file says Ashburn instead of Hillsboro. The pipeline stops at what that would delete. Allowed, servers, addresses, network and volume come up in Ashburn under the old names, and the volume's files come back from the newest backup; in between visitors get the maintenance page.",
  async play(stage, notes, memory) {
    const before = await serverOf(stage);
    const ran = (await reportOf(stage))?.image;
    const sha = await push(stage, memory, "Move dev to Ashburn", () =>
      stage.checkout.edit("infra/Pulumi.dev.yaml", "location: hil", "location: ash"),
    );
    const stopped = keepJob(notes, await deployDev(stage, sha, "Deploy the move, unreviewed"), 3);
    notes.expect(
      "It is stopped, with what would be lost",
      /replace-volume .*All files on it are gone/.test(stopped.log) &&
        (await serverOf(stage)).id === before.id,
      lastWords(stopped),
    );

    const watch = watchVisitors(stage);
    const job = keepJob(notes, await deployDev(stage, sha, "Deploy the move, allowed", "--unreviewed"));
    const { seen, awaySeconds } = await watch.stop();
    notes.expect(
      "Visitors got the app or the maintenance page, and nothing else",
      Object.keys(seen).every((answer) => ["200", MAINTENANCE].includes(answer)),
      seen,
    );
    const after = await serverOf(stage);
    notes.expect("Another server has another address", after.ip !== before.ip, after.ip);
    const places = await locations(stage);
    notes.expect(
      "Nothing is left in Hillsboro",
      places.length > 0 && places.every((place) => place === "ash"),
      places,
    );
    const report = await reportOf(stage);
    notes.expect(
      "It runs what the old one ran, and is healthy",
      report?.image === ran && report?.healthy === true,
      report,
    );
    const { machine } = await serverOf(stage);
    const logbook = await machine.inside("cat", "/srv/data/logbook.txt");
    notes.expect(
      "The new volume has the files of the newest backup, and the server says so",
      logbook.includes("before the storm") &&
        typeof report?.backup?.last === "string" &&
        report.backup.restored?.of === report.backup.last,
      { logbook, backup: report?.backup },
    );
    const berths = await ask(stage, `${APP}/berths`);
    notes.expect("The database's rows are there", berths.body.includes("Kim"), berths);
    notes.keep(
      "How long it took",
      "text",
      `${Math.round(job.seconds)} s from the start of the job; the app was away for ${Math.round(awaySeconds)} s of them`,
    );
  },
};

/** Somebody who asks for the app all the time, until he is told to stop; what he was answered, and how long it was not the app. */
function watchVisitors(stage: Stage) {
  const seen: Record<string, number> = {};
  let stopped = false;
  let awayMs = 0;
  const watching = (async () => {
    while (!stopped) {
      const started = performance.now();
      const got = await ask(stage, `${APP}/version`, { person: true });
      const answer = isMaintenance(got) ? MAINTENANCE : String(got.status);
      seen[answer] = (seen[answer] ?? 0) + 1;
      if (got.status !== 200) awayMs += performance.now() - started;
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return { seen, awaySeconds: awayMs / 1000 };
    },
  };
}

/** Where what is bound to a location is: servers, volumes and addresses. */
async function locations(stage: Stage): Promise<string[]> {
  const lists = await Promise.all(
    ["servers", "volumes", "primary_ips"].map(async (kind) => {
      const answer = (await stage.api("hetzner", `/${kind}`)) as Record<
        string,
        { location: { name: string } }[]
      >;
      return (answer[kind] ?? []).map(({ location }) => location.name);
    }),
  );
  return lists.flat();
}
