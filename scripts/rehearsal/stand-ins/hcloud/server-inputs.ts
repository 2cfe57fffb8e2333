import { z } from "zod";
import { Labels, splitId } from "./parts.ts";

const PublicNet = z.object({
  ipv4Enabled: z.boolean().default(true),
  ipv4: z.number().optional(),
  ipv6Enabled: z.boolean().default(true),
  ipv6: z.number().optional(),
});
export type PublicNet = z.infer<typeof PublicNet>;

const InlineNetwork = z
  .object({
    networkId: z.number().optional(),
    subnetId: z.string().optional(),
    ip: z.string().optional(),
    aliasIps: z.array(z.string()).default([]),
  })
  .transform(({ networkId, subnetId, ip, aliasIps }) => {
    const subnet = subnetId ? splitId(subnetId) : undefined;
    return { network: subnet?.network ?? networkId ?? 0, range: subnet?.rest, ip, aliasIps };
  });

export const ServerInputs = z.object({
  name: z.string(),
  serverType: z.string(),
  image: z.string().default(""),
  location: z.string().optional(),
  userData: z.string().optional(),
  sshKeys: z.array(z.string()).default([]),
  labels: Labels,
  firewallIds: z.array(z.number()).optional(),
  ignoreRemoteFirewallIds: z.boolean().default(false),
  placementGroupId: z.number().optional(),
  publicNets: z
    .array(PublicNet)
    .optional()
    .transform((nets) => nets?.[0]),
  networks: z.array(InlineNetwork).optional(),
  keepDisk: z.boolean().default(false),
  backups: z.boolean().default(false),
  iso: z.string().optional(),
  rescue: z.string().optional(),
  deleteProtection: z.boolean().default(false),
  rebuildProtection: z.boolean().default(false),
  shutdownBeforeDeletion: z.boolean().default(false),
});
export type ServerInputs = z.infer<typeof ServerInputs>;
