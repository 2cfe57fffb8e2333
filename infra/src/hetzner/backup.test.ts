import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Cloudflare, startCloudflare } from "../../../scripts/rehearsal/clouds/cloudflare/start.ts";
import { type AgentWorld, agentWorld } from "./testing/agent-world.ts";

// The agent and a real restic, which speaks to the rehearsed R2 by its own host name; Docker and systemd are stand-ins.

const RUNNABLE = ["python3", "restic", "openssl"].every(
  (program) => spawnSync("which", [program]).status === 0,
);
const TOKENS = { write: "write-token-of-the-backup-test", read: "read-token-of-the-backup-test" };
const BUCKET = "quayside-dev-backups";
const CANARY = "canary-that-nobody-else-may-read";
const PASSWORD = "a-password-of-the-repository";
const image = (end: string) => `ghcr.io/quayside/app@sha256:${end.padStart(64, "0")}`;

describe.skipIf(!RUNNABLE)("the data volume (left out without restic, Python and OpenSSL)", () => {
  let folder: string;
  let cloud: Cloudflare;
  let internet: Record<string, string>;
  let secrets: Record<string, string>;
  const worlds: AgentWorld[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "quayside-backup-"));
    cloud = await startCloudflare({
      world: join(folder, "cloud"),
      tokens: TOKENS,
      resolveOrigin: async () => undefined,
    });
    const call = async (path: string, body?: object) =>
      (
        await fetch(`${cloud.url}/client/v4${path}`, {
          method: body ? "POST" : "GET",
          headers: { authorization: `Bearer ${TOKENS.write}`, "content-type": "application/json" },
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      ).json();
    await call(`/accounts/${cloud.accountId}/r2/buckets`, { name: BUCKET });
    const { result } = z
      .object({ result: z.object({ id: z.string() }) })
      .parse(await call("/user/tokens/verify"));
    writeFileSync(join(folder, "ca.pem"), cloud.edge.ca);
    internet = { HTTPS_PROXY: cloud.edge.url, SSL_CERT_FILE: join(folder, "ca.pem") };
    secrets = {
      DATABASE_URL: "postgres://app:hunter22@db.example/app",
      BACKUP_REPOSITORY: `s3:https://${cloud.accountId}.r2.cloudflarestorage.com/${BUCKET}`,
      BACKUP_PASSWORD: PASSWORD,
      BACKUP_ACCESS_KEY_ID: result.id,
      BACKUP_SECRET_ACCESS_KEY: createHash("sha256").update(TOKENS.write).digest("hex"),
    };
  });
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.close()));
    await cloud?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function server(given: Record<string, string>): Promise<AgentWorld> {
    const world = await agentWorld("server1", internet);
    worlds.push(world);
    world.doppler.secrets = given;
    world.announce({ image: image("1") });
    return world;
  }
  const put = (world: AgentWorld, path: string, content: string) => {
    mkdirSync(join(world.data, path, ".."), { recursive: true });
    writeFileSync(join(world.data, path), content);
  };
  const filesOf = ({ data }: AgentWorld) =>
    Object.fromEntries(
      readdirSync(data, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith(".quayside"))
        .map(({ parentPath, name }) => [
          join(parentPath, name).slice(data.length),
          readFileSync(join(parentPath, name), "utf8"),
        ]),
    );
  /** As somebody with the same repository would ask from his own machine. Never blocks: the cloud is in this process. */
  const restic = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = {
        PATH: process.env.PATH,
        ...internet,
        RESTIC_CACHE_DIR: join(folder, "cache"),
        RESTIC_REPOSITORY: secrets.BACKUP_REPOSITORY,
        RESTIC_PASSWORD: PASSWORD,
        AWS_ACCESS_KEY_ID: secrets.BACKUP_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY: secrets.BACKUP_SECRET_ACCESS_KEY,
        AWS_DEFAULT_REGION: "auto",
      };
      execFile("restic", args, { env }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
  let first: AgentWorld;

  test("without a word in Doppler nothing is backed up, and the timer says so once", async () => {
    const world = await server({ SECRET_KEY: "a-secret-key" });
    expect((await world.run()).report).toMatchObject({ healthy: true });
    expect((await world.backUp()).said).toContain("nothing is backed up");
    expect(await world.backUp()).toEqual({ exitCode: 0, said: "" });
    expect((await world.run()).report.backup).toMatchObject({ outcome: "off", last: null, error: null });
  });

  test("a half of it is named, and keeps the first release of an empty volume waiting", async () => {
    const { BACKUP_PASSWORD: _, ...half } = secrets;
    const world = await server(half);
    const { report } = await world.run();
    expect(report).toMatchObject({
      image: null,
      lastError: "data: Doppler lacks BACKUP_PASSWORD",
      attempt: { step: "data", final: false },
    });
  });

  test("the app of an empty volume without backups starts at once, and does not see what opens the backup", async () => {
    first = await server(secrets);
    const { report } = await first.run();
    expect(report).toMatchObject({ healthy: true, backup: { last: null, restored: null } });
    expect(first.secretsOf("blue")).toEqual({ DATABASE_URL: secrets.DATABASE_URL });
  });

  test("a backup is in the bucket, encrypted, and the report says when it was made", async () => {
    put(first, "logbook.txt", `${CANARY}\n`);
    put(first, "pictures/harbour.bin", "x".repeat(300_000));
    put(first, "lost+found/piece", "of a disk");
    expect(await first.backUp()).toMatchObject({ exitCode: 0 });
    const { backup } = (await first.run()).report;
    expect(backup).toMatchObject({ outcome: "succeeded", error: null });
    expect(Math.abs(Date.now() - Date.parse(backup?.last ?? ""))).toBeLessThan(60_000);
    const blobs = readdirSync(join(folder, "cloud"), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    expect(blobs.length).toBeGreaterThan(5);
    for (const { parentPath, name } of blobs) {
      const stored = readFileSync(join(parentPath, name));
      for (const word of [CANARY, "harbour.bin", PASSWORD]) expect(stored.includes(word), name).toBe(false);
    }
    expect(await restic("check")).toContain("no errors were found");
    // One file, by hand.
    expect(await restic("dump", "latest", "/logbook.txt")).toBe(`${CANARY}\n`);
  });

  test("of a day's backups the newest is kept, and what only older ones had is pruned", async () => {
    put(first, "logbook.txt", `${CANARY}\nand another line\n`);
    const Size = z.object({ total_size: z.number() });
    const stored = async () =>
      Size.parse(JSON.parse(await restic("stats", "--mode", "raw-data", "--json"))).total_size;
    const before = await stored();
    rmSync(join(first.data, "pictures/harbour.bin"));
    await first.backUp();
    const snapshots = z
      .array(z.object({ hostname: z.string() }))
      .parse(JSON.parse(await restic("snapshots", "--json")));
    expect(snapshots).toEqual([{ hostname: "quayside-dev" }]);
    expect(await stored()).toBeLessThan(before);
  });

  test("a new server with an empty volume gets the newest backup before its app starts", async () => {
    const world = await server(secrets);
    mkdirSync(join(world.data, "lost+found"));
    const { report } = await world.run();
    expect(report).toMatchObject({ healthy: true, lastError: null });
    const { "/lost+found/piece": __, ...kept } = filesOf(first);
    expect(filesOf(world)).toEqual(kept);
    const calls = world.calls();
    expect(calls.indexOf("systemctl start data@restore.service")).toBeGreaterThan(-1);
    expect(calls.indexOf("systemctl start data@restore.service")).toBeLessThan(
      calls.indexOf("systemctl restart app@blue.service"),
    );
    expect(report.backup).toMatchObject({
      restored: { of: report.backup?.last, snapshot: expect.stringMatching(/^[0-9a-f]{8}$/) as string },
    });
    // The next release leaves the volume alone.
    world.announce({ release: "dev-2-abcdef0", image: image("2") });
    await world.run();
    expect(world.calls().filter((call) => call.includes("data@"))).toEqual([]);
  });

  test("what is on a volume is never restored over", async () => {
    const world = await server(secrets);
    put(world, "logbook.txt", "newer than any backup\n");
    const { report } = await world.run();
    expect(report).toMatchObject({ healthy: true, backup: { restored: null } });
    expect(report.backup?.last).toMatch(/^\d{4}-/);
    expect(filesOf(world)).toEqual({ "/logbook.txt": "newer than any backup\n" });
  });

  test("an app that deleted everything does not get it back", async () => {
    const world = await server(secrets);
    writeFileSync(join(world.data, ".quayside"), "");
    expect((await world.run()).report).toMatchObject({ healthy: true, backup: { restored: null } });
    expect(filesOf(world)).toEqual({});
  });

  test("while the bucket can't be read the app of an empty volume waits, says why, and is not backed up", async () => {
    const world = await server({ ...secrets, BACKUP_SECRET_ACCESS_KEY: "wrong-key-of-somebody" });
    const { report } = await world.run();
    expect(report).toMatchObject({ image: null, attempt: { step: "data", final: false } });
    expect(report.lastError).toMatch(/^data: .*Access Denied/);
    expect(JSON.stringify(report)).not.toContain(cloud.accountId);
    expect(existsSync(join(world.data, ".quayside"))).toBe(false);
    expect((await world.backUp()).exitCode).toBe(1);
    world.doppler.secrets = secrets;
    await world.run();
    expect(Object.keys(filesOf(world))).toContain("/logbook.txt");
  });

  test("a restore that was cut off is begun again, and a backup in between is refused", async () => {
    const world = await server(secrets);
    writeFileSync(join(world.data, ".quayside-restoring"), "");
    put(world, "logbook.txt", "half of");
    // What a run of the agent that was killed here has left.
    mkdirSync(join(world.data, "../../run/quayside"), { recursive: true });
    writeFileSync(
      join(world.data, "../../run/quayside/backup.json"),
      JSON.stringify(
        Object.fromEntries(Object.entries(secrets).filter(([name]) => name.startsWith("BACKUP_"))),
      ),
    );
    expect(await world.backUp()).toMatchObject({
      exitCode: 1,
      said: expect.stringContaining("never restored") as string,
    });
    await world.run();
    expect(filesOf(world)["/logbook.txt"]).toContain(CANARY);
    expect(existsSync(join(world.data, ".quayside-restoring"))).toBe(false);
  });
});
