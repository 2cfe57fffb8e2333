import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "../../stage/stage.ts";
import type { Scene } from "../scene.ts";
import { APP, ask, reportOf, serverOf, until } from "./look.ts";
import type { ServerMemory } from "./memory.ts";

const CANARY = "a line that only this team may read";

export const backup: Scene<ServerMemory> = {
  name: "backup",
  title: "The volume is backed up, and comes back",
  tells:
    "A visitor writes into the logbook on the volume. At night the timer's service backs the volume up to R2. What is in the bucket tells nobody anything. Then the volume's files are lost, and the service that a new server starts before its app brings them back.",
  async play(stage, notes) {
    const { machine } = await serverOf(stage);
    const inside = (command: string) => machine.inside("sh", "-c", command);
    await ask(stage, `${APP}/logbook`, { method: "POST", body: `line=${CANARY}` });
    const timer = await inside(
      "systemctl show data-backup.timer --property=ActiveState,NextElapseUSecRealtime",
    );
    notes.expect(
      "The timer waits for the night",
      /ActiveState=active/.test(timer) && /NextElapseUSecRealtime=\S/.test(timer),
      timer,
    );
    const ran = await inside(
      "systemctl start data@backup.service; systemctl show data@backup.service --property=Result; journalctl --unit data@backup.service --output cat --no-pager",
    );
    const told = await until(60, async () => (await reportOf(stage))?.backup?.outcome === "succeeded");
    const made = (await reportOf(stage))?.backup;
    notes.expect("The service backs up, and the server reports when", told && made?.last !== null, {
      made,
      ran,
    });
    const stored = bucketFiles(stage);
    notes.expect(
      "The bucket has it, encrypted: neither the line nor a file's name is in it",
      stored.length > 4 && stored.every((file) => !file.includes(CANARY) && !file.includes("logbook")),
      `${stored.length} files`,
    );
    const seen = await inside(
      "ls /run/quayside/secrets/*; grep -rl BACKUP_PASSWORD /etc /var/lib/quayside /var/lib/docker/containers 2>/dev/null; stat --format='%a %U' /run/quayside/backup.json",
    );
    notes.expect(
      "What opens the backup is root's alone, in memory, and not the app's",
      !seen.includes("BACKUP_") && !/^\/(?:etc|var)/m.test(seen) && seen.trim().endsWith("600 root"),
      seen,
    );

    const before = await inside(
      "cd /srv/data && find . -name '.quayside*' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum",
    );
    // What a new server finds: a volume without anything, and no memory of its own.
    const restored = await inside(
      "slot=$(ls /var/lib/quayside/live); systemctl stop release-agent.timer release-agent.service app@$slot.service; find /srv/data -mindepth 1 -delete; rm /var/lib/quayside/backup.json; systemctl start data@restore.service; systemctl show data@restore.service --property=Result; journalctl --unit data@restore.service --output cat --no-pager; systemctl start app@$slot.service release-agent.timer",
    );
    const after = await inside(
      "cd /srv/data && find . -name '.quayside*' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; stat --format=%u logbook.txt",
    );
    notes.expect(
      "Every file is back as it was, and belongs to the app",
      before.includes("logbook.txt") && after.trim() === `${before.trim()}\n10001`,
      { before, after, restored },
    );
    const back = await until(
      120,
      async () =>
        // The report is as old as the agent's last look.
        Boolean((await reportOf(stage))?.backup?.restored) &&
        (await ask(stage, `${APP}/logbook`)).body.includes(CANARY),
    );
    const report = await reportOf(stage);
    notes.expect("The app has its logbook again", back, await ask(stage, `${APP}/logbook`));
    notes.expect(
      "The server says which backup it was",
      typeof report?.backup?.last === "string" && report.backup.restored?.of === report.backup.last,
      report?.backup,
    );
    const failed = await inside("systemctl --failed --plain --no-legend");
    notes.expect("No unit of the machine has failed", failed.trim() === "", failed);
  },
};

/** All that the account's storage keeps, whatever it belongs to. */
function bucketFiles(stage: Stage): Buffer[] {
  const folder = join(stage.dir, "world");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes("blobs"))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
}
