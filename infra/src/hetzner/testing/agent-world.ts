import { execFile, spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { quotedStrings, writeRecord } from "../../../../scripts/release/record.ts";
import { sealForServers } from "../../../../scripts/release/seal.ts";

const AGENT = join(import.meta.dirname, "../../../machine/usr/local/lib/quayside/agent.py");
const STAND_INS = join(import.meta.dirname, "stand-ins");
/** An image whose digest ends so never gets healthy; one that ends on `f` gets there when {@link AgentWorld.heal} says so. */
export const SICK = "bad";

const Report = z.looseObject({
  release: z.string().nullable(),
  image: z.string().nullable(),
  healthy: z.boolean(),
  lastError: z.string().nullable(),
  backup: z
    .object({
      last: z.string().nullable(),
      outcome: z.string().nullable(),
      error: z.string().nullable(),
      restored: z.object({ snapshot: z.string(), of: z.string(), at: z.string() }).nullable(),
    })
    .nullable(),
  attempt: z
    .looseObject({ outcome: z.string(), step: z.string().nullable(), final: z.boolean().nullable() })
    .nullable(),
});
type Report = z.infer<typeof Report>;

const ed25519 = () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
};

/** What a record may be made with, other than the world would. */
interface Announcement {
  release?: string;
  image: string;
  /** Seconds since 1970; the next one each time when it is not given. */
  at?: number;
  key?: string;
}

export interface AgentWorld {
  /** The DNS record's content from now on. */
  announce(order: Announcement | { content: string }): void;
  /** One run of the agent, as the timer starts it. */
  run(): Promise<{ exitCode: number; report: Report }>;
  /** What the timer of the backup starts. */
  backUp(): Promise<{ exitCode: number; said: string }>;
  /** Where the data volume is mounted. */
  data: string;
  /** Starts the agent and kills it with SIGKILL when `moment` is true. */
  runUntil(moment: () => boolean): Promise<void>;
  report(): Report;
  /** What was asked of Docker and systemd since the last call of this. */
  calls(): string[];
  /** Lets a command of Docker's fail with these last words, until it is called without them. */
  fail(what: "pull" | "check" | "migrate", words?: string): void;
  /** From now on an image that ends on `f` is healthy, or not. */
  heal(well?: boolean): void;
  doppler: { status: number; secrets: Record<string, string> };
  /** What the server before this one reports; only on the second server. */
  before: { status: number; report: unknown };
  /** Memory is lost, and no container runs. */
  reboot(): void;
  /** The slot that takes the visitors, by the files that the proxy looks at. */
  live(): string[];
  secretsOf(slot: string): Record<string, string>;
  file(path: string): string;
  close(): Promise<void>;
}

/**
 * A server's files in a folder, HTTP servers for what it asks, and stand-ins for Docker and systemd.
 *
 * @param internet how a server that has the data volume reaches the rest of the world; the other one has none
 */
export async function agentWorld(
  server: "server1" | "server2" = "server1",
  internet?: Record<string, string>,
): Promise<AgentWorld> {
  const root = mkdtempSync(join(tmpdir(), "quayside-agent-"));
  const standIn = join(root, "stand-in");
  mkdirSync(standIn);
  const key = ed25519();
  const seal = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const doppler = { status: 200, secrets: {} as Record<string, string> };
  const before = { status: 200, report: {} as unknown };
  let content = '"v=1 release=none"';
  let healed = false;
  let clock = 1_790_000_000;

  const active = (slot: string) => join(standIn, `active-${slot}`);
  const app = (slot: string) => (response: ServerResponse) => {
    if (!existsSync(active(slot))) return response.destroy();
    const image = /IMAGE=(.*)/.exec(readFileSync(active(slot), "utf8"))?.[1] ?? "";
    const healthy = !image.endsWith(SICK) && (healed || !image.endsWith("f"));
    return response.writeHead(healthy ? 200 : 500).end();
  };
  const json = (status: () => number, body: () => unknown) => (response: ServerResponse) =>
    response.writeHead(status()).end(JSON.stringify(body()));
  const answers = {
    dns: json(
      () => 200,
      () => ({ Status: 0, Answer: [{ name: "_release", type: 16, TTL: 60, data: content }] }),
    ),
    doppler: json(
      () => doppler.status,
      () => ({ DOPPLER_CONFIG: "dev", ...doppler.secrets }),
    ),
    before: json(
      () => before.status,
      () => before.report,
    ),
    blue: app("blue"),
    green: app("green"),
  };
  const servers: Server[] = [];
  const port = async (answer: (response: ServerResponse) => unknown) => {
    const listening = createServer((_, response) => void answer(response)).listen(0, "127.0.0.1");
    servers.push(listening);
    await once(listening, "listening");
    return (listening.address() as AddressInfo).port;
  };
  const ports = {
    dns: await port(answers.dns),
    doppler: await port(answers.doppler),
    before: await port(answers.before),
    blue: await port(answers.blue),
    green: await port(answers.green),
  };

  const etc = join(root, "etc/quayside");
  mkdirSync(etc, { recursive: true });
  writeFileSync(join(etc, "release.pub"), createPublicKey(key).export({ type: "spki", format: "pem" }));
  writeFileSync(join(etc, "seal.key"), seal.privateKey.export({ type: "pkcs1", format: "pem" }));
  const data = join(root, "srv/data");
  if (internet) mkdirSync(data, { recursive: true });
  const description = {
    project: "quayside",
    ...(internet ? { data: true } : {}),
    stack: "dev",
    server,
    primary: server === "server1",
    ...(server === "server1" ? {} : { after: `http://127.0.0.1:${ports.before}/_release` }),
    host: "app-dev.example.com",
    health: "/health",
    releaseRecord: "_release.app-dev.example.com",
    images: ["ghcr.io/quayside/app"],
    // The first one is not there.
    resolvers: ["http://127.0.0.1:9/dns-query", `http://127.0.0.1:${ports.dns}/dns-query`],
    doppler: `http://127.0.0.1:${ports.doppler}`,
    user: "10001:10001",
    group: process.getgid?.() ?? 0,
  };
  writeFileSync(join(etc, "server.json"), JSON.stringify(description));

  const env = {
    PATH: `${STAND_INS}:${process.env.PATH}`,
    AGENT_ROOT: root,
    AGENT_PORT_BLUE: String(ports.blue),
    AGENT_PORT_GREEN: String(ports.green),
    AGENT_HEALTH_LIMIT: "0.3",
    AGENT_PAUSE: "0",
    STAND_IN: standIn,
    STAND_IN_AGENT: AGENT,
    RESTIC_CACHE_DIR: join(root, "cache"),
    ...internet,
  };
  const file = (path: string) => readFileSync(join(root, path), "utf8");
  const report = () => Report.parse(JSON.parse(file("var/lib/quayside/release.json")));
  const publicSeal = seal.publicKey.export({ type: "spki", format: "pem" }).toString();
  return {
    doppler,
    before,
    file,
    report,
    announce(order) {
      if ("content" in order) {
        content = order.content;
        return;
      }
      const { release = "dev-1-abcdef0", image, at = ++clock } = order;
      const record = {
        release,
        image,
        at: new Date(at * 1000),
        sealed: sealForServers(publicSeal, "dp.st.token"),
      };
      content = quotedStrings(writeRecord(record, order.key ?? key));
    },
    run: () =>
      new Promise((resolve) => {
        execFile("python3", ["-I", AGENT, "follow"], { env }, (error) => {
          resolve({ exitCode: Number(error?.code ?? 0), report: report() });
        });
      }),
    data,
    backUp: () =>
      new Promise((resolve) => {
        execFile("python3", ["-I", AGENT, "backup"], { env }, (error, stdout) => {
          resolve({ exitCode: Number(error?.code ?? 0), said: stdout });
        });
      }),
    async runUntil(moment) {
      const child = spawn("python3", ["-I", AGENT, "follow"], { env: { ...env, AGENT_HEALTH_LIMIT: "60" } });
      const ended = once(child, "exit");
      while (!moment()) await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill("SIGKILL");
      await ended;
    },
    calls() {
      const path = join(standIn, "calls");
      const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
      rmSync(path, { force: true });
      return lines;
    },
    fail(what, words) {
      if (words === undefined) rmSync(join(standIn, what), { force: true });
      else writeFileSync(join(standIn, what), `${words}\n`);
    },
    heal(well = true) {
      healed = well;
    },
    reboot() {
      rmSync(join(root, "run"), { recursive: true, force: true });
      for (const slot of ["blue", "green"]) rmSync(active(slot), { force: true });
    },
    live: () =>
      existsSync(join(root, "var/lib/quayside/live")) ? readdirSync(join(root, "var/lib/quayside/live")) : [],
    secretsOf(slot) {
      const folder = join(root, "run/quayside/secrets", slot);
      return Object.fromEntries(
        readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
      );
    },
    async close() {
      for (const each of servers) {
        each.closeAllConnections();
        each.close();
      }
      rmSync(root, { recursive: true });
    },
  };
}

/** A key pair that no server trusts. */
export const strangersKey = ed25519;
