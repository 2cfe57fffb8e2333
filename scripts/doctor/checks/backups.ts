import { z } from "zod";
import { stackSetting } from "../../stack/stacks.ts";
import type { Check, Symptom } from "../check.ts";

/** What a server's agent tells of the backup of its volume. */
const Report = z.object({
  backup: z
    .object({
      last: z.iso.datetime().nullable(),
      outcome: z.string().nullable(),
      error: z.string().nullable(),
    })
    .nullish(),
});
type Backup = NonNullable<z.infer<typeof Report>["backup"]>;

const PATIENCE_MS = 5_000;
/** A night that was missed is made up for; two are not by chance. */
const OLD_MS = 2.5 * 86_400_000;
const HOW = "docs/playbook.md, “The volume's backups”";

export const backups: Check = {
  name: "backups",
  about: "The backups of the servers' volumes",
  async look(bench) {
    const found = await Promise.all(
      bench.project.stacks.map(async (stack) => {
        const setting = (key: string) => stackSetting(bench.project, stack, key);
        // The volume is at the first one.
        const backup = await reportOf(
          `https://server1${setting("hostSuffix") ?? ""}.${setting("domain")}/_release`,
        );
        return backup ? judgeBackup(stack, backup, setting("backups") === "true", bench.context.now()) : [];
      }),
    );
    return found.flat();
  },
};

/** @param wanted whether the stack has a bucket for backups */
export function judgeBackup(stack: string, backup: Backup, wanted: boolean, now: Date): Symptom[] {
  const { outcome, error, last } = backup;
  if (outcome === "off")
    return wanted
      ? [
          {
            level: "wrong",
            text: `${stack} has a bucket for backups, and its volume is not backed up: the server has no BACKUP_* values.`,
            fix: `Put them into the stack's Doppler config, then deploy another image: ${HOW}.`,
          },
        ]
      : [];
  if (outcome === "failed")
    return [
      {
        level: "wrong",
        text: `The last backup of ${stack}'s volume failed: ${error ?? "its server does not say why"}. ${last ? `The newest one is of ${last}.` : "There is none."}`,
        fix: `Mend that; the next night tries again. ${HOW}.`,
      },
    ];
  if (last !== null && now.getTime() - Date.parse(last) > OLD_MS)
    return [
      {
        level: "wrong",
        text: `The newest backup of ${stack}'s volume is of ${last}: the server makes none any more.`,
        fix: `See what it reports, at its address with /_release. ${HOW}.`,
      },
    ];
  return [];
}

/** A server that gives no report, or an older one's, is no matter of backups. */
async function reportOf(url: string): Promise<Backup | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return Report.parse(await answer.json()).backup ?? undefined;
  } catch {
    return undefined;
  }
}
