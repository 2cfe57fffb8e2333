import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { keepJob, type Scene } from "../scene.ts";
import { deployDev } from "./jobs.ts";
import { APP, ask, reportOf, serverOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const birth: Scene<ServerMemory> = {
  name: "birth",
  title: "A server sets itself up",
  tells:
    "The first deployment of dev makes a server. It boots, cloud-init reads the user data, the volume is mounted, the agent reads the release record, migrates the database and starts the app.",
  async play(stage, notes, memory) {
    const sha = await stage.checkout.git("rev-parse", "HEAD");
    memory.sha = sha;
    keepJob(notes, await deployDev(stage, sha, "Deploy dev"));
    const machines = machinesOf(stage);
    const { machine, ip } = await serverOf(stage);
    const report = await reportOf(stage);
    notes.expect(
      "The server reports that it runs the release, and is healthy",
      report?.image === machines.images.first && report.healthy,
      report,
    );

    const home = await ask(stage, APP);
    const page = home.status === 200 ? (JSON.parse(home.body) as Record<string, unknown>) : {};
    notes.expect("A visitor gets the app's first version through the edge", page.version === "1", home);
    notes.expect(
      "The app knows the visitor's own address, and that he came by HTTPS",
      page.secure === true && /^[0-9.]+$/.test(String(page.visitor)) && page.visitor !== "104.16.132.229",
      page,
    );
    notes.expect("The app can't reach the metadata service", page.metadata === "refused", page);
    await ask(stage, `${APP}/berths`, { method: "POST", body: "guest=Kim" });
    const berths = await ask(stage, `${APP}/berths`);
    notes.expect(
      "What a visitor writes is in Postgres",
      berths.body.includes("Kim") &&
        (await machines.database.query("SELECT guest FROM berths_berth")).includes("Kim"),
      berths,
    );
    await ask(stage, `${APP}/logbook`, { method: "POST", body: "line=before the storm" });
    const mount = await machine.inside(
      "findmnt",
      "--noheadings",
      "--output",
      "SOURCE,FSTYPE,OPTIONS",
      "/srv/data",
    );
    notes.expect(
      "The logbook is on the volume",
      /volume\d+ +ext4/.test(mount) &&
        (await machine.inside("cat", "/srv/data/logbook.txt")).includes("before the storm"),
      mount,
    );
    const css = await ask(stage, `${APP}/static/app.css`);
    notes.expect("Static files are served", css.status === 200 && css.body.includes("sans-serif"), css);

    const cloudInit = await machine.inside("cloud-init", "status", "--long");
    notes.expect(
      "cloud-init has done its work with Hetzner's own data source",
      /status: done/.test(cloudInit) && /DataSourceHetzner/.test(cloudInit),
      cloudInit,
    );
    const failed = await machine.inside("systemctl", "--failed", "--plain", "--no-legend");
    notes.expect("No unit of the machine has failed", failed.trim() === "", failed);
    const secret = await machine.inside(
      "sh",
      "-c",
      "grep -rl 'postgres://app' /var/lib/docker/containers /var/lib/quayside /etc 2>/dev/null; findmnt -no FSTYPE -T /run/quayside/secrets",
    );
    notes.expect("The app's secrets are in memory only", secret.trim() === "tmpfs", secret);
    const token = await machine.inside(
      "stat",
      "--format=%a %U",
      "/etc/quayside/seal.key",
      "/var/lib/quayside/state.json",
      "/var/lib/quayside/secrets.cred",
    );
    notes.expect(
      "What opens the app's secrets is root's alone",
      token
        .trim()
        .split("\n")
        .every((line) => line === "600 root"),
      token,
    );

    notes.expect(
      "Somebody who is not Cloudflare does not get through to the machine",
      await silent(machines.network.doorOf(ip, "stranger")),
      "an answer",
    );
    notes.expect(
      "Without Cloudflare's certificate the proxy gives nothing",
      (await withoutCertificate(machines.network.doorOf(ip))).startsWith("HTTP/1.1 400"),
      await withoutCertificate(machines.network.doorOf(ip)),
    );
    notes.keep("The console of the server", "log", machine.console());
    notes.keep("What the server reports", "json", JSON.stringify(report));
  },
};

/** Whether nothing comes back through a door in two seconds. */
function silent(door: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({
      socket: connect(door),
      servername: "app-dev.example.com",
      rejectUnauthorized: false,
    });
    socket.on("secureConnect", () => resolve(false));
    socket.on("error", () => resolve(true));
    setTimeout(() => {
      socket.destroy();
      resolve(true);
    }, 2000);
  });
}

/** What the proxy answers to one that shows no client certificate. */
function withoutCertificate(door: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connectTls(
      { socket: connect(door), servername: "app-dev.example.com", rejectUnauthorized: false },
      () => socket.write("GET / HTTP/1.1\r\nHost: app-dev.example.com\r\nConnection: close\r\n\r\n"),
    );
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", (error) => resolve(error.message));
  });
}
