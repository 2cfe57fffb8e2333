import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { machineFiles } from "./machine-files.ts";
import { type AgentWorld, agentWorld, SICK, strangersKey } from "./testing/agent-world.ts";

const image = (end: string, name = "ghcr.io/quayside/app") => `${name}@sha256:${end.padStart(64, "0")}`;
const RUNNABLE =
  spawnSync("python3", ["--version"]).status === 0 &&
  spawnSync("openssl", ["version"]).stdout?.toString().startsWith("OpenSSL 3");

describe.skipIf(!RUNNABLE)(
  "a server's agent (with Python and OpenSSL; Docker and systemd are stand-ins here)",
  () => {
    let world: AgentWorld;
    beforeAll(async () => {
      world = await agentWorld();
      world.doppler.secrets = {
        DATABASE_URL: "postgres://app:hunter22@db.example/app",
        SECRET_KEY: "a-secret-key",
      };
    });
    afterAll(() => world.close());

    test("does nothing while nothing is announced", async () => {
      const { exitCode, report } = await world.run();
      expect(exitCode).toBe(0);
      expect(report).toMatchObject({ release: null, healthy: false, lastError: null, attempt: null });
      expect(world.calls()).toEqual([]);
    });

    test("starts the first release: secrets, image, check, migration, app, in this order", async () => {
      world.announce({ image: image("1") });
      const { report } = await world.run();
      expect(report).toMatchObject({ image: image("1"), healthy: true, lastError: null });
      expect(report.attempt).toMatchObject({ outcome: "succeeded" });
      const calls = world.calls().filter((call) => !/is-active|prune|stop/.test(call));
      expect(calls.map((call) => /pull|check|shell|restart app@\w+/.exec(call)?.[0])).toEqual([
        "pull",
        "check",
        "shell",
        "restart app@blue",
      ]);
      expect(calls[1]).toContain("--read-only");
      expect(world.live()).toEqual(["blue"]);
      expect(world.secretsOf("blue")).toEqual(world.doppler.secrets);
      expect(world.file("stand-in/migration.py")).toMatch(/pg_advisory_lock[\s\S]*call_command\("migrate"/);
    });

    test("leaves alone what runs already", async () => {
      await world.run();
      expect(world.calls().filter((call) => !call.includes("is-active"))).toEqual([]);
    });

    test("starts a new release beside the old one, and stops that only when the new one takes the visitors", async () => {
      world.announce({ release: "dev-2-abcdef0", image: image("2") });
      const { report } = await world.run();
      expect(report).toMatchObject({ release: "dev-2-abcdef0", image: image("2"), healthy: true });
      expect(world.live()).toEqual(["green"]);
      const calls = world.calls();
      expect(calls.indexOf("systemctl restart app@green.service")).toBeLessThan(
        calls.indexOf("systemctl stop app@blue.service"),
      );
    });

    test.each([
      [
        "its app is not healthy",
        undefined,
        image(SICK),
        /^health: \/health answers 500 .*worker failed to boot$/,
      ],
      ["Django's check fails", "check", image("3"), /^check: broken$/],
      ["its migration fails", "migrate", image("3"), /^migrate: broken$/],
    ] as const)(
      "keeps the old release when %s, says so, and does not try again",
      async (_, step, wanted, error) => {
        if (step) world.fail(step, "broken");
        world.announce({ release: "dev-3-abcdef0", image: wanted });
        const { report } = await world.run();
        expect(report).toMatchObject({
          image: image("2"),
          healthy: true,
          attempt: { outcome: "failed", final: true },
        });
        expect(report.lastError).toMatch(error);
        expect(world.live()).toEqual(["green"]);
        expect(world.calls()).not.toContain("systemctl stop app@green.service");
        await world.run();
        expect(world.calls().filter((call) => /pull|restart/.test(call))).toEqual([]);
        if (step) world.fail(step);
      },
    );

    test("tries the same release again when it is announced again", async () => {
      world.announce({ release: "dev-3-abcdef0", image: image("3") });
      expect((await world.run()).report).toMatchObject({ image: image("3"), lastError: null });
    });

    test("tells no password and no secret of what went wrong", async () => {
      world.fail("migrate", "could not connect to postgres://root:unknown1@db.example, key a-secret-key");
      world.announce({ image: image("4") });
      const { report } = await world.run();
      expect(report.lastError).toBe("migrate: could not connect to postgres://***@db.example, key ***");
      world.fail("migrate");
    });

    test("tells of a long complaint the line that says what it is about", async () => {
      const complaint =
        'Traceback\ndjango.db.utils.ProgrammingError: relation "a" does not exist\nLINE 1: SELECT\n        ^';
      world.fail("migrate", complaint);
      world.announce({ image: image("4") });
      expect((await world.run()).report.lastError).toBe(
        'migrate: django.db.utils.ProgrammingError: relation "a" does not exist',
      );
      world.fail("migrate");
      world.announce({ image: image("666"), key: strangersKey() });
      expect((await world.run()).report.lastError).toMatch(/not signed with this stack's key/);
    });

    test("tries again by itself while the registry does not answer", async () => {
      world.fail("pull", "connection refused");
      world.announce({ image: image("5") });
      const { report } = await world.run();
      expect(report).toMatchObject({
        image: image("3"),
        lastError: "pull: connection refused",
        attempt: { final: false },
      });
      world.fail("pull");
      expect((await world.run()).report).toMatchObject({ image: image("5"), lastError: null });
    });

    test("ignores a record that is forged, another stack's, of another registry, or older than what it has seen", async () => {
      const evil = image("666");
      world.calls();
      for (const [order, why] of [
        [{ image: evil, key: strangersKey() }, /not signed with this stack's key/],
        [{ image: evil, release: "prod-v1.0.0" }, /another stack's/],
        [{ image: image("666", "ghcr.io/evil/app") }, /ghcr.io\/evil\/app is not allowed/],
        [{ image: evil, at: 1_700_000_000 }, /older than what this server has seen/],
        [{ content: `"v=1 release=dev-9 at=1 image=${evil} sig=AAAA"` }, /not signed/],
        [{ content: '"v=spf1 -all"' }, /not one that this server understands/],
      ] as const) {
        world.announce(order);
        const { exitCode, report } = await world.run();
        expect(exitCode).toBe(1);
        expect(report.image).toBe(image("5"));
        expect(report.lastError).toMatch(why);
      }
      expect(world.calls().filter((call) => !call.includes("is-active"))).toEqual([]);
    });

    test("goes on after it was killed in the middle of a release", async () => {
      const late = image("f");
      world.announce({ image: late });
      await world.runUntil(() => world.report().attempt?.step === "health");
      expect(world.live()).toHaveLength(1);
      world.reboot();
      world.heal();
      expect((await world.run()).report).toMatchObject({ image: late, healthy: true, lastError: null });
      expect(world.live()).toHaveLength(1);
    });

    test("starts the app after a reboot with the last good secrets while Doppler does not answer", async () => {
      world.reboot();
      world.doppler.status = 503;
      const { report } = await world.run();
      expect(report).toMatchObject({ image: image("f"), healthy: true });
      expect(world.secretsOf(world.live()[0] ?? "")).toEqual(world.doppler.secrets);
      expect(world.file("var/lib/quayside/secrets.cred")).not.toContain("a-secret-key");
    });

    test("does not use the last good secrets when Doppler has taken the token back", async () => {
      world.reboot();
      world.doppler.status = 401;
      const { exitCode, report } = await world.run();
      expect(exitCode).toBe(1);
      expect(report).toMatchObject({ healthy: false });
      expect(report.lastError).toMatch(/does not start again: Doppler: HTTP Error 401/);
      world.doppler.status = 200;
      expect((await world.run()).report).toMatchObject({ healthy: true, lastError: null });
    });

    test("starts an app anew that has not been healthy three times in a row", async () => {
      world.calls();
      world.heal(false);
      const restarts = () => world.calls().filter((call) => call.includes("restart"));
      expect((await world.run()).report.healthy).toBe(false);
      await world.run();
      expect(restarts()).toEqual([]);
      await world.run();
      expect(restarts()).toEqual([`systemctl restart app@${world.live()[0]}.service`]);
    });
  },
);

describe.skipIf(!RUNNABLE)("the second server's agent", () => {
  let world: AgentWorld;
  beforeAll(async () => {
    world = await agentWorld("server2");
  });
  afterAll(() => world.close());

  test("waits for the first server, then follows it without migrating", async () => {
    world.announce({ image: image("1") });
    world.before.report = { server: "server1", image: null, healthy: false, attempt: null };
    expect((await world.run()).report).toMatchObject({
      image: null,
      lastError: "predecessor: waits for server1",
      attempt: { final: false },
    });
    expect(world.calls()).toEqual([]);
    world.before.report = { server: "server1", image: image("1"), healthy: true, attempt: null };
    expect((await world.run()).report).toMatchObject({ image: image("1"), healthy: true });
    expect(world.calls().join("\n")).toContain("manage.py migrate --check");
  });

  test("keeps what it runs when the first server could not be released", async () => {
    world.announce({ image: image("2") });
    world.before.report = {
      server: "server1",
      image: image("1"),
      healthy: true,
      lastError: "health: /health answers 500",
      attempt: { image: image("2"), final: true },
    };
    const { report } = await world.run();
    expect(report).toMatchObject({ image: image("1"), healthy: true });
    expect(report.lastError).toBe("predecessor: server1 could not be released: health: /health answers 500");
  });
});

test("What the servers get of the agent is the agent without its comments", () => {
  const path = "/usr/local/lib/quayside/agent.py";
  const source = readFileSync(join(import.meta.dirname, "../../machine", path), "utf8");
  const given = machineFiles().find((file) => file.path === path)?.content ?? "";
  expect(given).toMatch(/^#!\/usr\/bin\/python3\n/);
  const same = spawnSync(
    "python3",
    [
      "-c",
      "import ast, sys; a, b = sys.stdin.read().split('\\0'); sys.exit(ast.dump(ast.parse(a)) != ast.dump(ast.parse(b)))",
    ],
    { input: `${source}\0${given}` },
  );
  expect(same.status).toBe(0);
});
