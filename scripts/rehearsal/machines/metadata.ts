import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { stringify } from "yaml";

/** What a server can ask about itself. */
export interface Metadata {
  id: number;
  name: string;
  ipv4: string;
  location: string;
  userData: string;
}

/**
 * The metadata service for one server (https://docs.hetzner.cloud/reference/cloud#server-metadata), as cloud-init's source
 * "Hetzner" asks it.
 */
export async function serveMetadata(sockets: string, about: Metadata): Promise<{ close(): void }> {
  const metadata = {
    "instance-id": about.id,
    hostname: about.name,
    "local-ipv4": "",
    "public-ipv4": about.ipv4,
    region: about.location,
    "availability-zone": `${about.location}-dc1`,
    "public-keys": [],
    vendor_data: "",
    "network-config": {
      version: 1,
      config: [
        {
          type: "physical",
          name: "eth0",
          subnets: [{ type: "static", address: `${about.ipv4}/32`, gateway: "172.31.1.1" }],
        },
      ],
    },
  };
  const answers: Record<string, string> = {
    "/hetzner/v1/metadata": stringify(metadata),
    "/hetzner/v1/metadata/instance-id": String(about.id),
    "/hetzner/v1/metadata/hostname": about.name,
    "/hetzner/v1/metadata/private-networks": "[]",
    "/hetzner/v1/userdata": about.userData,
  };
  const server = createServer((request, response) => {
    const text = answers[request.url ?? ""];
    response
      .writeHead(text === undefined ? 404 : 200, { "content-length": Buffer.byteLength(text ?? "") })
      .end(text);
  });
  const path = join(sockets, `metadata-${about.ipv4}.sock`);
  rmSync(path, { force: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
