import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Birth, userData } from "./user-data.ts";

const birth: Birth = {
  project: "quayside",
  stack: "dev",
  server: "server1",
  primary: true,
  hostnames: ["app-dev.example.com", "server1-dev.example.com"],
  certificatePem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  privateKeyPem: "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n",
  sealKeyPem: "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n",
  releaseKey: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
  releaseName: "_release.app-dev.example.com",
  images: ["ghcr.io/quayside/app"],
  volumeId: "4711",
};
/** As large as real ones: an Origin CA certificate, its key, an RSA key of 2048 bits. */
const ofRealSize = {
  certificatePem: `${"c".repeat(64)}\n`.repeat(20),
  privateKeyPem: `${"k".repeat(64)}\n`.repeat(4),
  sealKeyPem: `${"s".repeat(64)}\n`.repeat(27),
};

interface CloudConfig {
  packages: string[];
  write_files: { path: string; permissions: string; content: string; encoding?: string }[];
  runcmd: string[][];
}
const read = (of: Birth) => parse(userData(of)) as CloudConfig;
/** The files of a server as cloud-init writes them. */
function filesOf(of: Birth): Map<string, string> {
  return new Map(
    read(of).write_files.map(({ path, content, encoding }) => [
      path,
      encoding === "gz+b64" ? gunzipSync(Buffer.from(content, "base64")).toString() : content,
    ]),
  );
}
const has = (program: string) => spawnSync("which", [program]).status === 0;

describe("user data", () => {
  test("is the same text for the same birth, on every machine", () => {
    expect(userData({ ...birth })).toBe(userData(birth));
    // Whoever changes what this stands for replaces every living server, and says so by changing it here.
    expect(createHash("sha256").update(userData(birth)).digest("hex")).toMatchInlineSnapshot(
      `"0fc9a0a2dfe449baa3b096dce96073e72a8425985bf1a165805f6dd684e0b1ab"`,
    );
  });

  test("is cloud-config within Hetzner's 32 KiB, with real certificates' sizes and a fifth to spare", () => {
    expect(userData(birth)).toMatch(/^#cloud-config\n/);
    expect(Buffer.byteLength(userData({ ...birth, ...ofRealSize }))).toBeLessThan(26 * 1024);
  });

  test("gives certificate and keys back to the byte, the keys for root's eyes only", () => {
    const { write_files } = read(birth);
    const secret = [
      ["/etc/quayside/tls/origin.key", birth.privateKeyPem],
      ["/etc/quayside/seal.key", birth.sealKeyPem],
    ] as const;
    for (const [path, content] of secret) {
      const file = write_files.find((each) => each.path === path);
      expect(file).toMatchObject({ permissions: "0600", content });
      expect(userData(birth).split(content.split("\n")[1] ?? "")).toHaveLength(2);
    }
    expect(filesOf(birth).get("/etc/quayside/tls/origin.pem")).toBe(birth.certificatePem);
  });

  test("tells the agent whose releases it follows, and which server goes first", () => {
    const about = (of: Birth) => JSON.parse(filesOf(of).get("/etc/quayside/server.json") ?? "") as object;
    expect(about(birth)).toMatchObject({
      server: "server1",
      primary: true,
      releaseRecord: "_release.app-dev.example.com",
      images: ["ghcr.io/quayside/app"],
    });
    expect(about(birth)).not.toHaveProperty("after");
    const second = { ...birth, server: "server2", primary: false, after: "server1-dev.example.com" };
    expect(about(second)).toMatchObject({ after: "https://server1-dev.example.com/_release" });
    expect(filesOf(birth).get("/etc/quayside/release.pub")).toContain(`\n${birth.releaseKey}\n`);
  });

  test("never lets two servers restart for an upgrade at once", () => {
    const window = (server: string) =>
      filesOf({ ...birth, server }).get("/etc/apt/apt.conf.d/53-reboot-window");
    expect(window("server1")).toMatch(/Reboot-Time "\d\d:\d\d"/);
    expect(window("server1")).not.toBe(window("server2"));
  });

  test("lets the reverse proxy answer to the given hosts alone, and to visitors with Cloudflare's certificate", () => {
    expect(filesOf(birth).get("/etc/nginx/quayside/server-name.conf")).toBe(
      "server_name app-dev.example.com server1-dev.example.com;\n",
    );
    const proxy = filesOf(birth).get("/etc/nginx/conf.d/app.conf") ?? "";
    expect(proxy).toContain("ssl_verify_client on;");
    expect(proxy).toContain("ssl_reject_handshake on;");
    expect(proxy).not.toMatch(/listen [^;]*\b80\b/);
  });

  test("mounts the volume by its id, and only where there is one", () => {
    const mount = filesOf(birth).get("/etc/systemd/system/srv-data.mount");
    expect(mount).toContain("What=/dev/disk/by-id/scsi-0HC_Volume_4711\n");
    expect(mount).toMatch(/^Options=.*\bnofail\b/m);
    const { volumeId: _, ...without } = birth;
    expect(userData(without)).not.toMatch(/HC_Volume|srv-data|restic/);
  });

  test("backs the volume up where there is one", () => {
    const { packages, runcmd } = read(birth);
    expect(packages).toContain("restic");
    expect(runcmd.map((words) => words.join(" "))).toContain("systemctl enable --now data-backup.timer");
    expect(JSON.parse(filesOf(birth).get("/etc/quayside/server.json") ?? "")).toMatchObject({ data: true });
    const { volumeId: _, ...without } = birth;
    expect(read(without).runcmd.flat()).not.toContain("data-backup.timer");
    expect(JSON.parse(filesOf(without).get("/etc/quayside/server.json") ?? "")).not.toHaveProperty("data");
  });

  test("keeps everything but root's own processes from the metadata service, and closes all ports but 443", () => {
    const firewall = filesOf(birth).get("/etc/quayside/firewall.nft") ?? "";
    expect(firewall).toContain("ip daddr { 169.254.0.0/16, 10.0.0.0/16 } drop");
    expect(firewall).toContain("ip daddr 169.254.169.254 meta skuid != 0 drop");
    expect(firewall).toContain("hook input priority -10; policy drop;");
    expect(firewall.match(/tcp dport .*/g)).toEqual(["tcp dport 443 accept"]);
    const commands = read(birth).runcmd.map((words) => words.join(" "));
    expect(commands.indexOf("systemctl enable --now host-firewall.service")).toBeLessThan(
      commands.indexOf("systemctl enable --now docker.service"),
    );
    expect(commands).toContain("systemctl disable --now ssh.service");
  });
});

describe("a server's files", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "quayside-machine-"));
    for (const [path, content] of [...filesOf(birth), ["/user-data.yaml", userData(birth)] as const]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));
  const check = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" });
  const units = () =>
    [...filesOf(birth).keys()].filter((path) => /^\/etc\/systemd\/system\/[^/]+$/.test(path));

  test.skipIf(!has("cloud-init"))(
    "are valid for cloud-init itself (left out where it is not installed)",
    () => {
      expect(check("cloud-init", "schema", "--config-file", join(root, "user-data.yaml"))).toContain(
        "Valid cloud-config",
      );
    },
  );

  test.skipIf(!has("systemd-analyze"))(
    "are units that systemd finds no fault with (left out where it is missing)",
    () => {
      // What the units name and this machine lacks: the rest is as the server has it.
      for (const name of ["docker.service", "nginx.service"])
        writeFileSync(join(root, "etc/systemd/system", name), "[Service]\nExecStart=/bin/true\n");
      for (const path of [
        "usr/bin/docker",
        "usr/bin/install",
        "usr/bin/python3",
        "usr/sbin/nft",
        "bin/true",
        "usr/bin/true",
        "usr/bin/sleep",
      ]) {
        mkdirSync(join(root, dirname(path)), { recursive: true });
        writeFileSync(join(root, path), "", { mode: 0o755 });
      }
      const found = spawnSync(
        "systemd-analyze",
        [
          "verify",
          "--man=no",
          "--recursive-errors=no",
          `--root=${root}`,
          ...units().map((path) => basename(path).replace("data@.", "data@backup.").replace("@.", "@blue.")),
        ],
        { encoding: "utf8" },
      );
      expect(`${found.stdout}${found.stderr}`.trim()).toBe("");
      expect(found.status).toBe(0);
    },
  );

  test.skipIf(!has("systemd-analyze"))(
    "are services that systemd calls well fenced in (left out where it is missing)",
    () => {
      for (const [unit, most] of [
        ["release-agent.service", 40],
        ["data@backup.service", 40],
        ["app@blue.service", 30],
        ["host-firewall.service", 30],
        ["drain.service", 30],
      ] as const)
        check("systemd-analyze", "security", "--offline=yes", `--root=${root}`, `--threshold=${most}`, unit);
    },
  );

  test.skipIf(!has("nginx") || process.getuid?.() !== 0)(
    "are a configuration that nginx takes (left out without nginx, or root)",
    () => {
      check(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=test",
        "-keyout",
        join(root, "origin.key"),
        "-out",
        join(root, "origin.pem"),
      );
      const proxy = (filesOf(birth).get("/etc/nginx/conf.d/app.conf") ?? "")
        .replaceAll("/etc/quayside/tls/origin.pem", join(root, "origin.pem"))
        .replaceAll("/etc/quayside/tls/origin.key", join(root, "origin.key"))
        .replaceAll("/etc/", join(root, "etc/"))
        .replaceAll("/var/log/nginx/", join(root, "/"));
      writeFileSync(
        join(root, "nginx.conf"),
        `pid ${root}/pid; error_log stderr;\nevents {}\nhttp {\n${proxy}\n}\n`,
      );
      const found = spawnSync("nginx", ["-t", "-q", "-c", join(root, "nginx.conf")], { encoding: "utf8" });
      expect(found.stderr).toBe("");
      expect(found.status).toBe(0);
    },
  );
});
