import { z } from "zod";
import type { Stage } from "../stage/stage.ts";
import { differences, footprints } from "./footprint.ts";
import { driftJob } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { keepJob, type Scene } from "./scene.ts";

const Firewalls = z.object({
  firewalls: z.array(
    z.object({
      id: z.number(),
      labels: z.record(z.string(), z.string()),
      rules: z.array(z.looseObject({ port: z.string().nullish() })),
    }),
  ),
});

export const drift: Scene<LoopMemory> = {
  name: "drift",
  title: "A change by hand is reported",
  tells:
    "Somebody opens SSH in prod's firewall in the Hetzner console “for five minutes”. The nightly check opens an issue that says so. When the rule is gone, the next check closes the issue.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    const close = await openSsh(stage);
    const before = await footprints(stage);

    keepJob(notes, await driftJob(stage, sha));
    const [issue, ...more] = await stage.github.issues("open");
    notes.expect("One issue is open", issue !== undefined && more.length === 0, [issue, ...more]);
    notes.expect(
      "The issue names the firewall and the port",
      /firewall/i.test(issue?.body ?? "") && (issue?.body ?? "").includes("22"),
      issue?.body,
    );
    notes.keep("The issue, as GitHub shows it", "issue", `# ${issue?.title}\n\n${issue?.body ?? ""}`);

    const touched = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("The check has only looked: the rule is still there", touched.length === 0, touched);

    await close();
    keepJob(notes, await driftJob(stage, sha, "Drift check of the next night"));
    const [open, closed] = [await stage.github.issues("open"), await stage.github.issues("closed")];
    notes.expect(
      "The same issue is closed, and no other one is open",
      open.length === 0 && closed.some(({ number }) => number === issue?.number),
      open,
    );
  },
};

/** Opens SSH in prod's firewall as somebody does in the console; gives what takes the rule away again. */
export async function openSsh(stage: Stage): Promise<() => Promise<void>> {
  const { id, rules } = await prodFirewall(stage);
  const ssh = {
    direction: "in",
    protocol: "tcp",
    port: "22",
    source_ips: ["0.0.0.0/0"],
    destination_ips: [],
  };
  await setRules(stage, id, [...rules, ssh]);
  return () => setRules(stage, id, rules);
}

async function prodFirewall(stage: Stage): Promise<{ id: number; rules: unknown[] }> {
  const { firewalls } = Firewalls.parse(await stage.api("hetzner", "/firewalls"));
  const found = firewalls.find(({ labels }) => labels.stack === "prod");
  if (!found) throw new Error("prod has no firewall");
  return found;
}

async function setRules(stage: Stage, id: number, rules: unknown[]): Promise<void> {
  await stage.api("hetzner", `/firewalls/${id}/actions/set_rules`, { method: "POST", body: { rules } });
}
