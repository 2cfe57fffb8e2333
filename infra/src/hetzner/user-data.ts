import { gzipSync } from "fflate";
import { stringify } from "yaml";
import { machineFiles } from "./machine-files.ts";
import { ORIGIN_PULL_CA } from "./origin-pull-ca.ts";

/** What a server is told at its birth. Nothing else may go in: any change of the result replaces the server. */
export interface Birth {
  project: string;
  stack: string;
  /** The server's short name, `server1`. */
  server: string;
  /** Whether it migrates the database; the others wait for it. */
  primary: boolean;
  /** The app's hostname first, then the server's own. All others are refused. */
  hostnames: [app: string, own: string];
  /** The hostname of the server that has to run a release before this one takes it. */
  after?: string | undefined;
  certificatePem: string;
  /** Secret, and so is the whole result. */
  privateKeyPem: string;
  /** Opens what the release record has sealed for the servers; secret. PEM. */
  sealKeyPem: string;
  /** Whose signature a release record must have: an Ed25519 public key, the base64 of its PEM. */
  releaseKey: string;
  /** The DNS TXT record that says which image to run. */
  releaseName: string;
  /** The only image names that it will run, without a digest. */
  images: [string, ...string[]];
  volumeId?: string | undefined;
}

const DATA = "/srv/data";
/** The user and group that the app runs as, in its container and on the volume. */
const APP_USER = 10001;
/** When a server may restart for an upgrade, UTC; two servers never at once. */
const REBOOT_TIMES: { [server: string]: string } = { server1: "09:00", server2: "09:40" };
/** DNS over HTTPS, in JSON form; the second where the first does not answer. */
const RESOLVERS = ["https://cloudflare-dns.com/dns-query", "https://dns.google/resolve"];

/**
 * A new server's cloud-config (https://cloudinit.readthedocs.io/en/22.4/reference/modules.html): Docker, the reverse proxy
 * with its certificate, the data volume, the agent that follows the release record, upgrades by itself, no way in but HTTPS.
 *
 * Pure, and stable: the same birth gives the same text. Hetzner takes at most 32 KiB.
 */
export function userData(birth: Birth): string {
  const files = [
    ...machineFiles().map(({ path, content }) => packed(path, content)),
    file("/etc/quayside/server.json", serverDescription(birth)),
    file("/etc/quayside/app.env", appEnvironment(birth)),
    file("/etc/quayside/release.pub", publicKeyPem(birth.releaseKey)),
    file("/etc/quayside/seal.key", birth.sealKeyPem, "0600"),
    file("/etc/quayside/tls/origin.pem", birth.certificatePem),
    file("/etc/quayside/tls/origin.key", birth.privateKeyPem, "0600"),
    file("/etc/quayside/tls/origin-pull-ca.pem", ORIGIN_PULL_CA),
    file("/etc/nginx/quayside/server-name.conf", `server_name ${birth.hostnames.join(" ")};\n`),
    file(
      "/etc/apt/apt.conf.d/53-reboot-window",
      `Unattended-Upgrade::Automatic-Reboot-Time "${REBOOT_TIMES[birth.server] ?? "09:00"}";\n`,
    ),
    ...(birth.volumeId === undefined
      ? []
      : [file("/etc/systemd/system/srv-data.mount", dataMount(birth.volumeId))]),
  ];
  const cloudConfig = {
    package_update: true,
    package_upgrade: true,
    packages: [
      "docker.io",
      "logrotate",
      "nftables",
      "nginx-light",
      "openssl",
      "python3",
      // What is on the volume is backed up with it.
      ...(birth.volumeId === undefined ? [] : ["restic"]),
      "systemd-timesyncd",
      "unattended-upgrades",
    ],
    ssh_pwauth: false,
    disable_root: true,
    users: [
      {
        name: "app",
        uid: APP_USER,
        system: true,
        no_create_home: true,
        homedir: DATA,
        shell: "/usr/sbin/nologin",
        lock_passwd: true,
      },
    ],
    swap: { filename: "/swapfile", size: "1G" },
    write_files: files,
    runcmd: [
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "host-firewall.service"],
      ["systemctl", "disable", "--now", "ssh.service"],
      ["systemctl", "restart", "systemd-journald.service"],
      ["systemctl", "enable", "--now", "systemd-timesyncd.service"],
      // The volume is attached after the birth: it is mounted when it comes, and the app waits for it.
      ...(birth.volumeId === undefined
        ? []
        : [
            ["systemctl", "enable", "--now", "--no-block", "srv-data.mount"],
            ["systemctl", "enable", "--now", "data-backup.timer"],
          ]),
      ["rm", "--force", "/etc/nginx/sites-enabled/default"],
      ["systemctl", "enable", "nginx.service"],
      ["systemctl", "restart", "nginx.service"],
      ["systemctl", "enable", "--now", "docker.service"],
      ["systemctl", "enable", "--now", "drain.service"],
      ["systemctl", "enable", "--now", "release-agent.timer"],
    ],
  };
  return `#cloud-config\n${stringify(cloudConfig, { lineWidth: 0 })}`;
}

function file(path: string, content: string, permissions: "0600" | "0644" = "0644") {
  return { path, permissions, owner: "root:root", content };
}

/**
 * A file that is the same on every server, packed where that saves room. Not by Node's own zlib, whose result may differ
 * between processors and versions: another text for the same birth would replace the server.
 */
function packed(path: string, content: string) {
  const plain = file(path, content);
  const gzip = Buffer.from(gzipSync(Buffer.from(content), { level: 9, mtime: 0 })).toString("base64");
  return gzip.length < content.length ? { ...plain, encoding: "gz+b64", content: gzip } : plain;
}

/** Who this server is, for its agent. */
function serverDescription(birth: Birth): string {
  const [host] = birth.hostnames;
  const description = {
    project: birth.project,
    stack: birth.stack,
    server: birth.server,
    primary: birth.primary,
    ...(birth.volumeId === undefined ? {} : { data: true }),
    ...(birth.after === undefined ? {} : { after: `https://${birth.after}/_release` }),
    host,
    health: "/health",
    releaseRecord: birth.releaseName,
    images: birth.images,
    resolvers: RESOLVERS,
    doppler: "https://api.doppler.com",
    user: `${APP_USER}:${APP_USER}`,
    group: APP_USER,
  };
  return `${JSON.stringify(description, null, 1)}\n`;
}

/** What the app is told of its surroundings; none of it is secret. */
function appEnvironment({ stack, server, hostnames: [app] }: Birth): string {
  return `STACK=${stack}\nSERVER=${server}\nAPP_HOST=${app}\nAPP_USER=${APP_USER}:${APP_USER}\n`;
}

function publicKeyPem(base64: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
}

/**
 * By id, as the kernel's names change (https://docs.hetzner.com/cloud/volumes/faq/). A server without its volume comes up
 * all the same, and only what needs the data waits. The file system grows with the volume at the next start.
 */
function dataMount(volumeId: string): string {
  return `[Unit]
Description=The data volume
Wants=systemd-growfs@srv-data.service

[Mount]
What=/dev/disk/by-id/scsi-0HC_Volume_${volumeId}
Where=${DATA}
Type=ext4
Options=nofail,discard,noatime,nodev,nosuid

[Install]
WantedBy=multi-user.target
`;
}
