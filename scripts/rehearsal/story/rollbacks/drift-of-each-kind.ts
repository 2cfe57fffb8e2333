import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { differences, footprints } from "../footprint.ts";
import { HOSTS } from "../hosts.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { devJob, driftOfDev } from "./dev-jobs.ts";
import { releaseRecord, seenOnDev } from "./seen-on-dev.ts";

/** What each change by hand must be called in the issue. */
const NAMED: readonly [string, RegExp][] = [
  ["the firewall and its open port", /Firewall `firewall`\*\* was changed[\s\S]*"22"/],
  ["the Worker's version", /Worker `intake`\*\* runs `version/],
  ["the site's deployment", /Site `www`\*\* serves `deployment/],
  ["the lost route", /Worker `intake`\*\* is not reached at `www-dev/],
  ["the release record", /The release record\*\* names/],
  ["the server that nobody reaches", /Server `\S*server1`\*\* (?:answers \d|does not answer)/],
];

export const driftOfEachKind: Scene<RollbackMemory> = {
  name: "drift-of-each-kind",
  title: "Everything that somebody can change by hand is found, and put back",
  tells:
    "A night of clicking: a port is opened, another Worker version deployed, the site rolled back, a route deleted, an old release record written, a server's name deleted. One issue names all of it; “drift --fix” opens the deployment, and the check after it closes the issue.",
  async play(stage, notes, memory) {
    const sha = memory.commits.newest ?? "";
    const clean = keepJob(notes, await driftOfDev(stage, sha, "Drift check before"));
    notes.expect("Before, there is no drift", clean.log.includes("dev: no drift."), lastWords(clean));
    const before = await footprints(stage);
    const seen = await seenOnDev(stage);

    await clickAround(stage, memory.record ?? "");
    const [server] = await stage.visitor.visit(HOSTS.dev.app);
    notes.expect(
      "The servers have not followed the old record",
      server?.body.includes(seen.image) === true,
      server?.body,
    );
    const found = keepJob(notes, await driftOfDev(stage, sha, "Drift check", "--fix"));
    const [issue, ...others] = await stage.github.issues("open");
    notes.expect("One issue is open", issue !== undefined && others.length === 0, [issue, ...others]);
    for (const [what, pattern] of NAMED)
      notes.expect(`It names ${what}`, pattern.test(issue?.body ?? ""), issue?.body);
    notes.expect(
      "It says since when, and the two ways out",
      /since \d+ \w+ \d{4}[\s\S]*first seen[\s\S]*bring the code up[\s\S]*put it back/.test(
        issue?.body ?? "",
      ),
      issue?.body,
    );
    notes.keep("The issue, as GitHub shows it", "issue", `# ${issue?.title}\n\n${issue?.body ?? ""}`);
    const runs = await stage.github.dispatched();
    notes.expect(
      "The fix has started the deployment of main to dev",
      runs.some(({ path, branch }) => path.endsWith("deploy-dev.yml") && branch === "main"),
      [runs, lastWords(found)],
    );

    const command = ["deploy", "dev", "--verify-limit", "20", "--refresh"];
    keepJob(notes, await devJob(stage, sha, "The deployment that was started", "deploy-dev.yml", command));
    const again = await seenOnDev(stage);
    notes.expect(
      "Visitors see the title that they saw, and the server's image is back",
      again.title === seen.title && again.image === seen.image,
      { seen, again },
    );
    notes.expect("The Worker answers at its route", /^[0-9a-f-]{36}$/.test(again.worker), again);
    const left = differences(before.dev, (await footprints(stage)).dev).filter(
      (line) => !/^(?:new|other): (?:release |worker |site )|^other: record TXT _release\./.test(line),
    );
    notes.expect("Firewall and records are what they were", left.length === 0, left);

    keepJob(notes, await driftOfDev(stage, sha, "Drift check after the deployment"));
    const open = await stage.github.issues("open");
    const closed = await stage.github.issues("closed");
    notes.expect(
      "The same issue is closed, and no other one is open",
      open.length === 0 && closed.some(({ number }) => number === issue?.number),
      open,
    );
  },
};

const Firewalls = z.object({
  firewalls: z.array(
    z.object({ id: z.number(), labels: z.record(z.string(), z.string()), rules: z.array(z.unknown()) }),
  ),
});
const Ids = z.object({ result: z.array(z.object({ id: z.string(), pattern: z.string().optional() })) });
const Versions = z.object({ result: z.object({ items: z.array(z.object({ id: z.string() })) }) });

async function clickAround(stage: Stage, oldRecord: string): Promise<void> {
  const { accountId, zoneId } = stage.clouds.cloudflare;
  const post = (path: string, body: unknown) => stage.api("cloudflare", path, { method: "POST", body });

  const { firewalls } = Firewalls.parse(await stage.api("hetzner", "/firewalls"));
  const firewall = firewalls.find(({ labels }) => labels.stack === "dev");
  const ssh = {
    direction: "in",
    protocol: "tcp",
    port: "22",
    source_ips: ["0.0.0.0/0"],
    destination_ips: [],
  };
  await stage.api("hetzner", `/firewalls/${firewall?.id}/actions/set_rules`, {
    method: "POST",
    body: { rules: [...(firewall?.rules ?? []), ssh] },
  });

  const scripts = `/accounts/${accountId}/workers/scripts/intake-dev`;
  const { items } = Versions.parse(await stage.api("cloudflare", `${scripts}/versions`)).result;
  await post(`${scripts}/deployments?force=true`, {
    strategy: "percentage",
    versions: [{ version_id: items.at(-1)?.id, percentage: 100 }],
  });

  const pages = `/accounts/${accountId}/pages/projects/quayside-www-dev/deployments`;
  const [, older] = Ids.parse(await stage.api("cloudflare", pages)).result;
  await post(`${pages}/${older?.id}/rollback`, {});

  const routes = Ids.parse(await stage.api("cloudflare", `/zones/${zoneId}/workers/routes`)).result;
  const lost = routes.find(({ pattern }) => pattern?.startsWith("www-dev."));
  await stage.api("cloudflare", `/zones/${zoneId}/workers/routes/${lost?.id}`, {
    method: "DELETE",
    body: {},
  });

  const named = Ids.parse(
    await stage.api("cloudflare", `/zones/${zoneId}/dns_records?name=server1-dev.example.com`),
  ).result;
  for (const { id } of named)
    await stage.api("cloudflare", `/zones/${zoneId}/dns_records/${id}`, { method: "DELETE", body: {} });

  const { id } = await releaseRecord(stage);
  await stage.api("cloudflare", `/zones/${zoneId}/dns_records/${id}`, {
    method: "PATCH",
    body: { content: oldRecord },
  });
}
