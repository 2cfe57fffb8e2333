import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { command as deploy } from "../commands/deploy.ts";
import { command as drift } from "../commands/drift.ts";
import { command as preview } from "../commands/preview.ts";
import { command as release } from "../commands/release.ts";
import { command as resume } from "../commands/resume.ts";
import { command as rollback } from "../commands/rollback.ts";
import { runTrial } from "../rehearsal/torture/trial.ts";
import { openSecrets } from "../secrets/open.ts";
import { redact } from "../secrets/redaction.ts";
import { trialWorldOf } from "./testing/trial-world.ts";
import { makeWorld, SECRETS, type World } from "./testing/world.ts";

// One world and one stack, by the real engine and the real wrangler. The tests tell one story, in their order.

const ROOT = dirname(dirname(import.meta.dirname));
const LIMIT = { "verify-limit": "20" };
let world: World;
/** The commit that dev was brought up with. */
let first: string;

beforeAll(async () => {
  world = await makeWorld(ROOT);
  first = await world.checkout.git("rev-parse", "HEAD");
}, 120_000);
afterAll(() => world?.close());

async function commit(message: string, edit: () => void): Promise<string> {
  await world.checkout.git("checkout", "--quiet", "--force", "main");
  edit();
  const sha = await world.checkout.commit(message);
  await world.checkout.git("push", "--quiet", "origin", "main");
  return sha;
}
const tip = () => world.checkout.git("rev-parse", "main");
const title = async () =>
  /<title>(.*)<\/title>/.exec(await (await fetch("https://www-dev.example.com/")).text())?.[1];

/** What the job's step runs, in its own words. */
function deployStep(checkout: string): string {
  const Workflow = z.object({
    jobs: z.object({ deploy: z.object({ steps: z.array(z.looseObject({ id: z.string().optional() })) }) }),
  });
  const file = readFileSync(join(checkout, ".github", "workflows", "deploy.yml"), "utf8");
  const step = Workflow.parse(parse(file)).jobs.deploy.steps.find(({ id }) => id === "run");
  return z.string().parse(step?.run);
}

describe("secrets", () => {
  test("A job in the environment of a stack opens it by its identity alone, another job does not", async () => {
    const job = world.pushed(first);
    const secrets = await openSecrets("quayside", "dev", "deploy", await world.environmentOf(job));
    expect(secrets.require("HCLOUD_TOKEN")).toBe(world.clouds.hetzner.token);
    expect(redact(`${world.clouds.hetzner.token} ${SECRETS.DIGEST_KEY}`)).toBe("[secret] [secret]");

    const elsewhere = await world.environmentOf({ ...job, environment: undefined });
    await expect(openSecrets("quayside", "dev", "deploy", elsewhere)).rejects.toMatchObject({
      code: "esc-refused",
      message: expect.stringMatching(/40[134]/),
    });
    const reader = await openSecrets("quayside", "dev", "preview", elsewhere);
    expect(reader.require("HCLOUD_TOKEN")).toBe(world.clouds.hetzner.readToken);
  });

  test("A bad moment of ESC is waited for, in the exchange and in the opening", async () => {
    await world.fault("esc", { path: "/oauth/token", fault: { kind: "status", status: 500 } });
    await world.fault("esc", { path: "/open", fault: { kind: "status", status: 429, retryAfterSeconds: 0 } });
    const secrets = await openSecrets(
      "quayside",
      "dev",
      "deploy",
      await world.environmentOf(world.pushed(first)),
    );
    expect(secrets.require("DIGEST_KEY")).toBe(SECRETS.DIGEST_KEY);
  });
});

describe("deploy", () => {
  test("A job that is cancelled ends in order: the engine is asked once, the state saved, the lock given back, and it says what is left", async () => {
    const env = await world.environmentOf(world.pushed(first));
    await world.fault("hetzner", {
      method: "POST",
      path: "/servers$",
      fault: { kind: "slow-action", ms: 2000 },
    });
    const step = join(env.HOME ?? "", "step.sh");
    writeFileSync(step, deployStep(world.checkout.dir));
    symlinkSync(join(ROOT, "node_modules"), join(world.checkout.dir, "node_modules"));
    // As a runner does it: https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
    const child = spawn("bash", ["-e", step], {
      cwd: world.checkout.dir,
      env: { ...env, COMMAND: "deploy", ARGUMENTS: JSON.stringify(["dev", "--json"]) },
      // No terminal, and a process group of its own.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      // On a runner 7.5 s later, and what is left after 2.5 s more is killed. Here at once, while it surely is still at work.
      if (chunk.includes("SIGINT: ending in order")) child.kill("SIGTERM");
    });
    const stdout = text(child.stdout);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await vi.waitFor(async () => expect(await world.writes()).toContain("POST /v1/servers"), {
      timeout: 60_000,
      interval: 50,
    });
    const { stdout: processes } = await execa("ps", ["-A", "-o", "pid=,ppid=,pgid=,args="]);
    const rows = processes.split("\n").map((line) => line.trim().split(/\s+/));
    const pipeline = rows.find(
      ([, parent, , ...args]) => parent === String(child.pid) && args.includes("deploy"),
    );
    const engine = rows.find(
      ([, parent, , program]) => parent === pipeline?.[0] && program?.endsWith("pulumi"),
    );
    expect(engine).toBeDefined();
    // What a terminal sends to the group reaches the engine by the pipeline alone: a second SIGINT would make it drop all.
    expect(engine?.[2]).not.toBe(pipeline?.[2]);
    // The step's own process and no other.
    child.kill("SIGINT");
    expect([await ended, stderr]).toEqual([1, expect.stringContaining("Stopped (interrupted)")]);
    unlinkSync(join(world.checkout.dir, "node_modules"));
    expect(JSON.parse(await stdout)).toMatchObject({
      outcome: "interrupted",
      message: expect.stringMatching(
        /^Interrupted by SIGINT\..*lock is given back\.\n\d+ of \d+ resources are done\. Left: .*Server server1/,
      ),
    });

    const state = join(env.PULUMI_BACKEND_URL?.replace("file://", "") ?? "", ".pulumi");
    const locks = join(state, "locks", "organization", "quayside", "dev");
    expect(existsSync(locks) ? readdirSync(locks) : []).toEqual([]);
    expect(readFileSync(join(state, "stacks", "quayside", "dev.json"), "utf8")).toContain(
      "hcloud:index/network:Network",
    );
    expect(await world.github.releases("dev")).toEqual([]);
  }, 120_000);

  test("Its machine killed once Cloudflare has made something, the same command finds that and comes to its end: a sample of the kill matrix", async () => {
    const trialWorld = trialWorldOf(world, first);
    const logs: string[] = [];
    const at = { cloud: "cloudflare", index: 0, call: "whatever is left to be made" } as const;
    const result = await runTrial(
      {
        ...trialWorld,
        async deploy(started) {
          const job = await trialWorld.deploy(started);
          logs.push(job.log);
          return job;
        },
      },
      { at, kill: "machine" },
    );
    expect([result, logs]).toEqual([
      {
        kind: "kill",
        outcomes: ["killed", "succeeded"],
        seconds: expect.any(Number),
        duplicates: [],
        orphans: [],
        lost: [],
        unequal: [],
      },
      [
        expect.any(String),
        expect.stringMatching(
          /lock of dev was broken[\s\S]*dead[\s\S]*Mended before the update of dev[\s\S]*taken over/,
        ),
      ],
    ]);
    const names = (await trialWorld.census()).things.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toContain("servers quayside-dev-server1");
    expect(await world.github.releases("dev")).toMatchObject([{ sha: first, state: "success" }]);
    const live = await fetch("https://app-dev.example.com/health");
    expect(live.status).toBe(200);
  }, 120_000);

  test("Once more there is nothing to do: nothing is called that changes anything, no release is made", async () => {
    await world.forgetCalls();
    const result = await world.run(deploy, world.pushed(first), ["dev"], LIMIT);
    expect(result).toMatchObject({
      outcome: "nothing-to-do",
      steps: 0,
      deployed: [],
      release: { sha: first },
    });
    expect(await world.writes()).toEqual([]);
    expect(await world.github.releases("dev")).toHaveLength(1);
  });

  test("When the Worker of a commit can't be deployed its site is put back, and the same command brings both", async () => {
    const sha = await commit("Change the title and the Worker", () => {
      const page = readFileSync(join(world.checkout.dir, "sites/www/index.html"), "utf8");
      const old = /<title>.*<\/title>/.exec(page)?.[0] ?? "";
      world.checkout.edit("sites/www/index.html", old, "<title>Second</title>");
      world.checkout.edit("workers/intake/src/index.ts", "", "// Second.\n");
    });
    const upload = {
      method: "POST",
      path: "/workers/scripts/intake-dev/versions$",
      fault: { kind: "status", status: 400 },
    };
    await world.fault("cloudflare", upload);
    await expect(world.run(deploy, world.pushed(sha), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "edge-failed",
      exitCode: 1,
      message: expect.stringContaining("Put back as they were: sites/www."),
    });
    expect(await title()).not.toBe("Second");
    expect((await world.github.releases("dev"))[0]).toMatchObject({ sha, state: "failure" });

    const result = await world.run(deploy, world.pushed(sha), ["dev"], LIMIT);
    expect(result).toMatchObject({
      outcome: "succeeded",
      steps: 0,
      deployed: expect.arrayContaining(["workers/intake", "sites/www"]),
    });
    expect(result.release).toMatchObject({ sha, outcome: "succeeded" });
    expect(await title()).toBe("Second");
  }, 60_000);

  test("A commit that changes nothing is a release too, so that a tag on it finds that it ran here", async () => {
    const sha = await commit("Say more in the README", () =>
      world.checkout.edit("README.md", "#", "# The\n\n#"),
    );
    const result = await world.run(deploy, world.pushed(sha), ["dev"], LIMIT);
    expect(result).toMatchObject({ outcome: "succeeded", steps: 0, deployed: [], release: { sha } });
    expect((await world.github.releases("dev")).map((kept) => kept.sha)[0]).toBe(sha);
  });
});

describe("rollback", () => {
  test("A dry run says what would come back and changes nothing; then it comes back", async () => {
    const target = (await world.github.releases("dev")).at(-1)?.id;
    const job = { ...world.pushed(first), event: world.github.dispatchEvent({ stack: "dev" }) };
    const options = { to: target, scope: "edge", ...LIMIT };
    await world.forgetCalls();
    const dry = await world.run(rollback, job, ["dev"], { ...options, "dry-run": true });
    expect(dry).toMatchObject({ outcome: "dry-run", target });
    expect(dry.log).toContain("Site www: deployment");
    expect(dry.log).toContain("Worker intake: version");
    expect(await world.writes()).toEqual([]);

    expect(await world.run(rollback, job, ["dev"], options)).toMatchObject({ outcome: "succeeded", target });
    expect(await title()).not.toBe("Second");
  });

  test("A release that is not there is refused with those that are", async () => {
    const job = { ...world.pushed(first), event: world.github.dispatchEvent({ stack: "dev" }) };
    await expect(world.run(rollback, job, ["dev"], { to: "dev-v9", ...LIMIT })).rejects.toMatchObject({
      code: "release-unknown",
      exitCode: 2,
    });
  });
});

describe("after a rollback", () => {
  test("The next deployment is stopped and says who took the stack back; after resume it goes on", async () => {
    await world.forgetCalls();
    await expect(world.run(deploy, world.pushed(first), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "rolled-back",
      exitCode: 3,
      message: expect.stringMatching(/rolled back from dev-\S+ to dev-\S+ \(edge\) by robin/),
    });
    expect(await world.writes()).toEqual([]);

    const job = { ...world.pushed(first), event: world.github.dispatchEvent({ stack: "dev" }) };
    const runs = (await world.github.releases("dev"))[0]?.manifest;
    expect(await world.run(resume, job, ["dev"])).toMatchObject({ outcome: "succeeded" });
    const [resumed] = await world.github.releases("dev");
    expect(resumed).toMatchObject({ state: "success", manifest: { kind: "resume" } });
    for (const part of ["workers", "sites", "image", "sha"])
      expect(resumed?.manifest[part], part).toEqual(runs?.[part]);
    expect(await world.run(resume, job, ["dev"])).toMatchObject({ outcome: "nothing-to-do" });
    expect(await world.writes()).toEqual([]);
  });
});

describe("drift", () => {
  test("What is changed by hand is found, in the clouds and at the edge, and nothing else is", async () => {
    const job = { ...world.pushed(first), environment: undefined };
    const { url, token, zoneId, accountId } = world.clouds.cloudflare;
    const call = async (method: string, path: string, body?: object) =>
      (await (
        await fetch(`${url}${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      ).json()) as { result: { id: string; name: string }[] };
    const records = await call("GET", `/zones/${zoneId}/dns_records?name=app-dev.example.com`);
    await call("PATCH", `/zones/${zoneId}/dns_records/${records.result[0]?.id}`, { comment: "by hand" });
    const projects = await call("GET", `/accounts/${accountId}/pages/projects`);
    const www = projects.result.find(({ name }) => name.includes("www"))?.name;
    const deployments = await call("GET", `/accounts/${accountId}/pages/projects/${www}/deployments`);
    const newest = deployments.result[0]?.id;
    await call("POST", `/accounts/${accountId}/pages/projects/${www}/deployments/${newest}/rollback`);

    const found = await world.run(drift, job, ["dev"]);
    expect(found).toMatchObject({
      outcome: "drifted",
      stacks: [
        {
          resources: [expect.stringContaining("dnsRecord")],
          edge: [expect.stringContaining(`Site www serves deployment ${newest}`)],
        },
      ],
    });
    const [issue, ...others] = await world.github.issues("open");
    expect([issue?.title, others]).toEqual(["dev is not what its last release says", []]);
    expect(issue?.body).toMatch(
      /`comment`: is `"by hand"`, was left as `.*`[\s\S]*Site `www`\*\* serves .*since \d+ \w+ 20/,
    );
    expect(issue?.body).toMatch(/first seen [\s\S]*bring the code up to it[\s\S]*put it back/);
    expect(await title()).toBe("Second");

    // The stack was rolled back and resumed: what it should run is the release that says so.
    const fix = await world.run(drift, job, ["dev"], { fix: true });
    expect(fix.stacks).toMatchObject([
      { issue: "unchanged", fix: { workflow: "rollback.yml", inputs: { refresh: "true" } } },
    ]);
  });

  test("A deployment with a refresh puts it back, resources and edge, and the check closes the issue", async () => {
    const result = await world.run(deploy, world.pushed(await tip()), ["dev"], { ...LIMIT, refresh: true });
    expect(result).toMatchObject({
      outcome: "succeeded",
      steps: 1,
      deployed: expect.arrayContaining(["sites/www"]),
    });
    expect(result.log).toContain("Site www serves deployment");
    // As the deployment's own job does it, whose identity opens the stack and not its twin.
    const after = { "after-deployment": true };
    expect(await world.run(drift, world.pushed(await tip()), ["dev"], after)).toMatchObject({
      outcome: "succeeded",
      stacks: [{ resources: [], edge: [], servers: [], issue: "closed" }],
    });
    expect(await world.github.issues("open")).toEqual([]);
  }, 120_000);

  test("Edge and image that were changed by hand are put back by a rollback to what should run, which makes no hold", async () => {
    const { url, token, accountId } = world.clouds.cloudflare;
    const script = `${url}/accounts/${accountId}/workers/scripts/intake-dev`;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const versions = (await (await fetch(`${script}/versions`, { headers })).json()) as {
      result: { items: { id: string }[] };
    };
    const other = versions.result.items.at(-1)?.id;
    const versionsOf = [{ version_id: other, percentage: 100 }];
    const body = JSON.stringify({ strategy: "percentage", versions: versionsOf });
    await fetch(`${script}/deployments?force=true`, { method: "POST", headers, body });

    const last = (await world.github.releases("dev"))[0];
    const job = { ...world.pushed(await tip()), event: world.github.dispatchEvent({ stack: "dev" }) };
    expect(await world.run(rollback, job, ["dev"], { to: last?.id, ...LIMIT })).toMatchObject({
      outcome: "succeeded",
      plan: { steps: [{ kind: "worker", from: other }] },
      release: { kind: "deploy", sha: last?.sha },
    });
    expect(await world.run(rollback, job, ["dev"], { to: last?.id, ...LIMIT })).toMatchObject({
      outcome: "nothing-to-do",
    });
  }, 120_000);
});

describe("guards stop a deployment with exit code 3, and nothing is touched", () => {
  let merged: string;
  let larger: number;

  test("Hazards that were reviewed and not allowed", async () => {
    const { checkout, github } = world;
    await checkout.git("checkout", "--quiet", "--force", "-B", "larger", "main");
    checkout.edit("infra/Pulumi.dev.yaml", "serverType: cpx21", "serverType: cpx31");
    checkout.edit("infra/Pulumi.dev.yaml", 'volumeSize: "20"', 'volumeSize: "40"');
    checkout.edit("infra/Pulumi.dev.yaml", "whenChanged: safe-only", "whenChanged: stop");
    const head = await checkout.commit("A larger server");
    await checkout.git("push", "--quiet", "origin", "larger");
    const pull = await github.openPull("A larger server", "larger");
    larger = pull.number;
    const reviewed = await world.run(
      preview,
      { event: github.pullEvent(pull, "opened"), sha: head, ref: `refs/pull/${pull.number}/merge` },
      ["dev"],
    );
    expect(reviewed).toMatchObject({ stacks: [{ stack: "dev", verdict: "needs-approval" }] });
    expect((await github.comments(pull.number)).map(({ body }) => body)).toEqual([
      expect.stringContaining("resize-server"),
    ]);

    merged = await github.merge(pull.number);
    await checkout.git("fetch", "--quiet", "origin");
    await world.forgetCalls();
    await expect(world.run(deploy, world.pushed(merged), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "hazard-unapproved",
      exitCode: 3,
      fix: expect.stringContaining("resize-server"),
    });
    expect(await world.writes()).toEqual([]);
  });

  test("The pull request says that it was stopped, and why", async () => {
    const [comment] = await world.github.comments(larger);
    expect(comment?.body).toMatch(
      /On `dev` this change was stopped; nothing was touched\..*hazard-unapproved/,
    );
  });

  test("A push without a pull request is unreviewed, and brings along what was stopped before it", async () => {
    const { checkout } = world;
    await checkout.git("checkout", "--quiet", "--force", "-B", "main", "origin/main");
    const harmless = await commit("Past every review", () => checkout.edit("README.md", "#", "# Past\n\n#"));
    await world.forgetCalls();
    await expect(world.run(deploy, world.pushed(harmless), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "hazard-unapproved",
      message: expect.stringContaining(`was reviewed in #${larger}`),
    });
    const hazardous = await commit("Larger still", () =>
      checkout.edit("infra/Pulumi.dev.yaml", "serverType: cpx31", "serverType: cpx41"),
    );
    await expect(world.run(deploy, world.pushed(hazardous), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "plan-changed",
      exitCode: 3,
      message: expect.stringMatching(
        /other: update .*server1[\s\S]*without a pull request[\s\S]*resize-server/,
      ),
    });
    expect(await world.writes()).toEqual([]);
  });

  test("An approval by somebody who may write lets through what was reviewed, and a re-run does not turn the stack back", async () => {
    const { github } = world;
    const labels = /`(allow:[^`]+)`/g;
    const body = (await github.comments(larger))[0]?.body ?? "";
    const wanted = [...new Set([...body.matchAll(labels)].flatMap(([, label]) => label ?? []))];
    await github.labelAs({ login: "tim", role: "triage" }, larger, ...wanted);
    await expect(world.run(deploy, world.pushed(merged), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "hazard-unapproved",
      message: expect.stringContaining("by tim, who may not write"),
    });
    for (const label of wanted) await github.unlabel(larger, label);
    await github.label(larger, ...wanted);
    // The volume has grown by then; the server needs it.
    await world.fault("hetzner", {
      method: "PUT",
      path: "/servers/\\d+$",
      fault: { kind: "status", status: 422 },
    });
    await expect(world.run(deploy, world.pushed(merged), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "apply-failed",
    });
    // The policy is to stop where the change is not the reviewed one; half of it is done already.
    await world.forgetCalls();
    const rest = await world.run(deploy, world.pushed(merged), ["dev"], LIMIT);
    expect(rest.log).toContain(`This is what is left of what was reviewed in #${larger}.`);
    const writes = (await world.writes()).join("\n");
    expect(writes).toMatch(/servers\/\d+\/actions\/change_type/);
    expect(writes).not.toContain("/volumes/");
    expect((await github.comments(larger))[0]?.body).toMatch(/On `dev` this change was applied\./);

    await world.forgetCalls();
    await expect(world.run(deploy, world.pushed(first), ["dev"], LIMIT)).rejects.toMatchObject({
      code: "commit-superseded",
      exitCode: 3,
      fix: expect.stringMatching(/npm run rollback -- dev --to dev-/),
    });
    expect(await world.writes()).toEqual([]);
  }, 120_000);

  test("A tag that is no version, on a commit that is not on main and never ran on dev: all of it is said at once", async () => {
    const { checkout } = world;
    await checkout.git("checkout", "--quiet", "--force", "-B", "aside", "main");
    checkout.edit("README.md", "#", "# Aside\n\n#");
    const sha = await checkout.commit("Aside");
    await checkout.git("tag", "next", sha);
    await checkout.git("push", "--quiet", "origin", "aside", "next");
    await world.forgetCalls();
    const tagged = {
      ...world.pushed(sha),
      ref: "refs/tags/next",
      event: world.github.pushEvent("refs/tags/next", "0".repeat(40), sha),
    };
    await expect(world.run(release, tagged, ["next"], LIMIT)).rejects.toMatchObject({
      code: "gate-refused",
      exitCode: 3,
      message: expect.stringMatching(
        /no semantic version.*not on main.*never run on dev.*Nothing was touched/,
      ),
    });
    expect(await world.writes()).toEqual([]);
  });

  test("A tag that nobody has pushed is a mistake in the arguments", async () => {
    await expect(world.run(release, world.pushed(first), ["v9.9.9"], LIMIT)).rejects.toMatchObject({
      code: "tag-unknown",
      exitCode: 2,
    });
  });
});
