import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StackOutputs } from "../../../infra/src/outputs.ts";

/** Writes the files of a small checkout, for tests. */
export function writeFiles(root: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}

/** A stack with one Worker and one site, as its outputs say it, for tests. */
export function outputsOf(changes: Partial<StackOutputs> = {}): StackOutputs {
  return {
    schema: 1,
    accountId: "0123456789abcdef0123456789abcdef",
    zone: { id: "zone", name: "example.com" },
    app: { hostname: "app-dev.example.com", url: "https://app-dev.example.com" },
    servers: [
      {
        name: "server1",
        id: "1",
        ipv4: "192.0.2.1",
        ipv6: "2001:db8::1",
        healthHostname: "server1-dev.example.com",
        primary: true,
      },
    ],
    volume: { id: "1", name: "data", linuxDevice: "/dev/sdb" },
    workers: {
      intake: {
        scriptName: "intake-dev",
        routes: ["www-dev.example.com/intake*"],
        bindings: {
          SETTINGS: { kind: "kv_namespace", id: "kv-id" },
          ARCHIVE: { kind: "d1_database", id: "d1-id", name: "archive-dev" },
          FORWARD: { kind: "queue", name: "forward-dev" },
          COUNTS: { kind: "analytics_engine", dataset: "counts_dev" },
          FILES: { kind: "r2_bucket", name: "files-dev" },
          STACK: { kind: "var", value: "dev" },
        },
      },
    },
    sites: {
      www: { project: "quayside-www-dev", domain: "www-dev.example.com", url: "https://www-dev.example.com" },
    },
    releaseRecord: { id: "record", name: "_release.app-dev.example.com" },
    image: `ghcr.io/quayside/app@sha256:${"1".repeat(64)}`,
    ...changes,
  };
}
