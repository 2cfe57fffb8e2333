import type { StackOutputs } from "../../../infra/src/outputs.ts";

/** Outputs of a small stack, for programs of tests that make nothing in a cloud. */
export const OUTPUTS: StackOutputs = {
  schema: 1,
  accountId: "account",
  zone: { id: "zone", name: "example.com" },
  app: { hostname: "app.example.com", url: "https://app.example.com" },
  servers: [
    {
      name: "server1",
      id: "1",
      ipv4: "192.0.2.1",
      ipv6: "2001:db8::1",
      healthHostname: "server1.example.com",
      primary: true,
    },
  ],
  volume: { id: "1", name: "data", linuxDevice: "/dev/sdb" },
  workers: {},
  sites: {},
  releaseRecord: { id: "record", name: "_release.app.example.com" },
  image: "ghcr.io/quayside/app@sha256:1",
};
