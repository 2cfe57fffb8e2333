import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Birth, userData } from "./user-data.ts";

const birth: Birth = {
  project: "quayside",
  stack: "dev",
  server: "server1",
  hostnames: ["app-dev.example.com", "server1-dev.example.com"],
  certificatePem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  privateKeyPem: "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n",
  releaseName: "_release.app-dev.example.com",
  volumeId: "4711",
};

interface CloudConfig {
  packages: string[];
  write_files: { path: string; permissions: string; content: string }[];
  runcmd: string[][];
}
const read = (of: Birth) => parse(userData(of)) as CloudConfig;
const content = (of: Birth, path: string) => read(of).write_files.find((file) => file.path === path)?.content;

const cloudInit = spawnSync("cloud-init", ["--version"]).status === 0;

describe("user data", () => {
  test("is the same text for the same birth", () => {
    expect(userData({ ...birth })).toBe(userData(birth));
  });

  test("is cloud-config within Hetzner's 32 KiB, with real certificates' sizes to spare", () => {
    expect(userData(birth)).toMatch(/^#cloud-config\n/);
    expect(Buffer.byteLength(userData(birth))).toBeLessThan(16 * 1024);
  });

  test("gives certificate and key back to the byte, the key for root's eyes only", () => {
    const key = read(birth).write_files.find(({ path }) => path.endsWith("origin.key"));
    expect(key).toMatchObject({ permissions: "0600", content: birth.privateKeyPem });
    expect(content(birth, "/etc/quayside/tls/origin.pem")).toBe(birth.certificatePem);
    expect(userData(birth).split(birth.privateKeyPem.split("\n")[1] ?? "")).toHaveLength(2);
  });

  test("lets the reverse proxy answer to the given hosts alone, and to visitors with Cloudflare's certificate", () => {
    const proxy = content(birth, "/etc/nginx/conf.d/app.conf") ?? "";
    expect(proxy).toContain("server_name app-dev.example.com server1-dev.example.com;");
    expect(proxy).toContain("ssl_verify_client on;");
    expect(proxy).toContain("ssl_reject_handshake on;");
    expect(proxy).not.toMatch(/listen [^;]*\b80\b/);
  });

  test("mounts the volume by its id, and only where there is one", () => {
    expect(content(birth, "/etc/systemd/system/srv-data.mount")).toContain(
      "What=/dev/disk/by-id/scsi-0HC_Volume_4711\n",
    );
    const { volumeId: _, ...without } = birth;
    expect(userData(without)).not.toMatch(/HC_Volume|srv-data/);
  });

  test("keeps everything but root's own processes from the metadata service, and closes SSH", () => {
    const guard = content(birth, "/etc/quayside/metadata-guard.nft") ?? "";
    expect(guard.match(/ip daddr 169\.254\.169\.254/g)).toHaveLength(2);
    const commands = read(birth).runcmd.map((words) => words.join(" "));
    expect(commands.indexOf("systemctl enable --now metadata-guard.service")).toBeLessThan(
      commands.indexOf("systemctl enable --now docker.service"),
    );
    expect(commands).toContain("systemctl disable --now ssh.service");
  });

  test.skipIf(!cloudInit)(
    "is valid for cloud-init itself (left out where cloud-init is not installed)",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "quayside-user-data-"));
      try {
        const file = join(folder, "user-data.yaml");
        writeFileSync(file, userData(birth));
        const answer = execFileSync("cloud-init", ["schema", "--config-file", file], { encoding: "utf8" });
        expect(answer).toContain("Valid cloud-config");
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
