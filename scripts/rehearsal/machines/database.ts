import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { attempt, run } from "./commands.ts";
import { INTERNET } from "./network.ts";

const BIN = "/usr/lib/postgresql/15/bin";

/** A real Postgres in a folder of its own, which only a socket leads to. */
export interface Database {
  /** As the app gets it. */
  url: string;
  /** Asks it, as its owner; the rows' columns with `|` between them. */
  query(sql: string): Promise<string>;
  close(): Promise<void>;
}

/** @param sockets the folder that its socket is put into; machines reach it at {@link INTERNET} */
export async function startDatabase(sockets: string): Promise<Database> {
  const dir = mkdtempSync(join(tmpdir(), "quayside-database-"));
  const uid = Number(await run("id", "-u", "postgres"));
  chownSync(dir, uid, uid);
  // The database's own user puts its socket beside the others.
  chmodSync(sockets, 0o777);
  const asOwner = (program: string, ...args: string[]) =>
    run("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", join(BIN, program), ...args);
  const data = join(dir, "data");
  await asOwner("initdb", "--pgdata", data, "--auth=trust", "--username=postgres", "--no-sync");
  await execa("sh", [
    "-c",
    `echo "local all postgres trust\nlocal app app scram-sha-256" > ${data}/pg_hba.conf`,
  ]);
  const settings = [
    `unix_socket_directories=${sockets}`,
    "listen_addresses=",
    "fsync=off",
    "shared_buffers=16MB",
  ];
  const server = spawn(
    "setpriv",
    [
      "--reuid=postgres",
      "--regid=postgres",
      "--clear-groups",
      join(BIN, "postgres"),
      "-D",
      data,
      ...settings.flatMap((setting) => ["-c", setting]),
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const query = (sql: string, database = "app") =>
    run(
      "psql",
      "--host",
      sockets,
      "--username=postgres",
      "--dbname",
      database,
      "--no-align",
      "--tuples-only",
      "--command",
      sql,
    );
  while (!(await attempt(join(BIN, "pg_isready"), "--host", sockets, "--username=postgres")))
    await new Promise((resolve) => setTimeout(resolve, 100));
  const password = randomBytes(12).toString("hex");
  await query(`CREATE ROLE app LOGIN PASSWORD '${password}'`, "postgres");
  await query("CREATE DATABASE app OWNER app", "postgres");
  return {
    url: `postgres://app:${password}@${INTERNET}:5432/app`,
    query,
    async close() {
      // Its own word for "at once, but in order".
      server.kill("SIGINT");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
