import { stringify } from "yaml";
import { ORIGIN_PULL_CA } from "./origin-pull-ca.ts";

/** What a server is told at its birth. Nothing else may go in: any change of the result replaces the server. */
export interface Birth {
  project: string;
  stack: string;
  /** The server's short name, `server1`. */
  server: string;
  /** The hostnames that it answers to. */
  hostnames: string[];
  certificatePem: string;
  /** Secret, and so is the whole result. */
  privateKeyPem: string;
  /** The DNS TXT record that says which image to run. */
  releaseName: string;
  volumeId?: string | undefined;
}

/** Where the app listens on its server; only the reverse proxy reaches it. */
const APP = "127.0.0.1:8000";
const DATA = "/srv/data";

/**
 * A new server's cloud-config (https://cloudinit.readthedocs.io/en/22.4/reference/modules.html): Docker, the reverse proxy
 * with its certificate, the data volume, upgrades by itself, no way in but HTTPS, and no metadata service for containers.
 *
 * Pure, and stable: the same birth gives the same text. Hetzner takes at most 32 KiB.
 */
export function userData(birth: Birth): string {
  const files = [
    file("/etc/quayside/server.json", serverDescription(birth)),
    file("/etc/quayside/tls/origin.pem", birth.certificatePem),
    file("/etc/quayside/tls/origin.key", birth.privateKeyPem, "0600"),
    file("/etc/quayside/tls/origin-pull-ca.pem", ORIGIN_PULL_CA),
    file("/etc/nginx/conf.d/app.conf", reverseProxy(birth.hostnames)),
    file("/etc/quayside/metadata-guard.nft", METADATA_GUARD),
    file("/etc/systemd/system/metadata-guard.service", METADATA_GUARD_SERVICE),
    file("/etc/apt/apt.conf.d/52-unattended-upgrades-local", UNATTENDED_UPGRADES),
    ...(birth.volumeId === undefined
      ? []
      : [
          file("/etc/systemd/system/srv-data.mount", dataMount(birth.volumeId)),
          file("/etc/systemd/system/srv-data.automount", DATA_AUTOMOUNT),
        ]),
  ];
  const cloudConfig = {
    package_update: true,
    package_upgrade: true,
    packages: ["docker.io", "nftables", "nginx-light", "unattended-upgrades"],
    ssh_pwauth: false,
    disable_root: true,
    users: [
      {
        name: "app",
        uid: 10001,
        system: true,
        no_create_home: true,
        homedir: DATA,
        shell: "/usr/sbin/nologin",
        lock_passwd: true,
      },
    ],
    write_files: files,
    runcmd: [
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "metadata-guard.service"],
      ["systemctl", "disable", "--now", "ssh.service"],
      ...(birth.volumeId === undefined
        ? [["install", "--directory", "--owner=app", "--group=app", DATA]]
        : [["systemctl", "enable", "--now", "srv-data.automount"]]),
      ["rm", "--force", "/etc/nginx/sites-enabled/default"],
      ["systemctl", "enable", "nginx.service"],
      ["systemctl", "restart", "nginx.service"],
      ["systemctl", "enable", "--now", "docker.service"],
    ],
  };
  return `#cloud-config\n${stringify(cloudConfig, { lineWidth: 0 })}`;
}

function file(path: string, content: string, permissions: "0600" | "0644" = "0644") {
  return { path, permissions, owner: "root:root", content };
}

/** Who this server is, for what runs on it: the release record tells it what to run. */
function serverDescription({ project, stack, server, releaseName }: Birth): string {
  return `${JSON.stringify({ project, stack, server, releaseRecord: releaseName, app: APP, data: DATA }, null, 2)}\n`;
}

/**
 * TLS with the Origin CA certificate, for visitors that show Cloudflare's client certificate and ask for a known host.
 * The firewall lets nobody but Cloudflare in, so its word on the visitor's address is good.
 */
function reverseProxy(hostnames: string[]): string {
  return `server_tokens off;

server {
  listen 443 ssl http2 default_server;
  listen [::]:443 ssl http2 default_server;
  ssl_reject_handshake on;
}

server {
  listen 443 ssl http2;
  listen [::]:443 ssl http2;
  server_name ${hostnames.join(" ")};

  ssl_certificate /etc/quayside/tls/origin.pem;
  ssl_certificate_key /etc/quayside/tls/origin.key;
  ssl_client_certificate /etc/quayside/tls/origin-pull-ca.pem;
  ssl_verify_client on;
  ssl_protocols TLSv1.2 TLSv1.3;

  client_max_body_size 20m;

  location / {
    proxy_pass http://${APP};
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $http_cf_connecting_ip;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header Connection "";
  }
}
`;
}

/**
 * The metadata service hands out this very text with the private key in it, so nothing but root's own processes may ask it:
 * containers come through "forward", or as another user through "output".
 */
const METADATA_GUARD = `table inet metadata_guard
delete table inet metadata_guard
table inet metadata_guard {
  chain forward {
    type filter hook forward priority -10; policy accept;
    ip daddr 169.254.169.254 drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    ip daddr 169.254.169.254 meta skuid != 0 drop
  }
}
`;

const METADATA_GUARD_SERVICE = `[Unit]
Description=Keep containers away from the metadata service
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft --file /etc/quayside/metadata-guard.nft

[Install]
WantedBy=multi-user.target
`;

const UNATTENDED_UPGRADES = `APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "true";
Unattended-Upgrade::Automatic-Reboot-Time "04:00";
`;

/** By id, as the kernel's names change. https://docs.hetzner.com/cloud/volumes/faq/ */
function dataMount(volumeId: string): string {
  return `[Unit]
Description=The data volume

[Mount]
What=/dev/disk/by-id/scsi-0HC_Volume_${volumeId}
Where=${DATA}
Type=ext4
Options=discard,noatime

[Install]
WantedBy=multi-user.target
`;
}

/** The volume is attached after the server's birth, so the first one who needs it waits for it. */
const DATA_AUTOMOUNT = `[Unit]
Description=Mounts the data volume when it is first used

[Automount]
Where=${DATA}

[Install]
WantedBy=multi-user.target
`;
