import { z } from "zod";
import type { Hetzner } from "./client.ts";
import { applyTo, Firewall, serverTarget, targetsOf } from "./firewall.ts";
import { given, protect } from "./parts.ts";
import type { PublicNet, ServerInputs } from "./server-inputs.ts";
import { Server } from "./server-view.ts";

/** Brings one aspect of a live server to its inputs; does nothing where it is there already. */
type Change = (hetzner: Hetzner, now: Server, wanted: ServerInputs) => Promise<void>;

const pathOf = (server: Server): string => `/servers/${server.id}`;

const names: Change = (hetzner, now, { name, labels }) => hetzner.put(pathOf(now), { name, labels });

const type: Change = async (hetzner, now, wanted) => {
  if (wanted.serverType === now.server_type.name) return;
  const runs = now.status === "running";
  if (runs) await hetzner.act(`${pathOf(now)}/actions/poweroff`);
  await hetzner.act(`${pathOf(now)}/actions/change_type`, {
    server_type: wanted.serverType,
    upgrade_disk: !wanted.keepDisk,
  });
  // The API says that it starts the server again; it may not have by now.
  if (runs) await powerOn(hetzner, now);
};

const networks: Change = async (hetzner, now, wanted) => {
  if (!wanted.networks) return;
  const path = pathOf(now);
  for (const present of now.private_net) {
    const same = wanted.networks.find((each) => each.network === present.network);
    const moves = same?.ip !== undefined && same.ip !== present.ip;
    if (!same || moves)
      await hetzner.act(`${path}/actions/detach_from_network`, { network: present.network });
    if (same && !moves && !sameItems(same.aliasIps, present.alias_ips ?? [])) {
      await hetzner.act(`${path}/actions/change_alias_ips`, {
        network: present.network,
        alias_ips: same.aliasIps,
      });
    }
  }
  for (const net of wanted.networks) {
    const present = now.private_net.find((each) => each.network === net.network);
    if (present && (net.ip === undefined || net.ip === present.ip)) continue;
    await hetzner.act(
      `${path}/actions/attach_to_network`,
      given<number | string | string[]>({
        network: net.network,
        ip: net.ip,
        ip_range: net.range,
        alias_ips: net.aliasIps,
      }),
      ["conflict"],
    );
  }
};

const publicNet: Change = async (hetzner, now, { publicNets: wanted }) => {
  if (!wanted) return;
  const present = now.public_net;
  const changes = (["ipv4", "ipv6"] as const).filter((family) => {
    const has = present[family]?.id ?? undefined;
    const asked = wanted[family];
    return asked === undefined ? wanted[`${family}Enabled`] !== Boolean(present[family]) : asked !== has;
  });
  if (changes.length === 0) return;
  if (now.status !== "off") await hetzner.act(`${pathOf(now)}/actions/poweroff`);
  for (const family of changes) await changeAddress(hetzner, now, family, wanted);
  await powerOn(hetzner, now);
};

async function changeAddress(
  hetzner: Hetzner,
  server: Server,
  family: "ipv4" | "ipv6",
  wanted: PublicNet,
): Promise<void> {
  const present = server.public_net[family]?.id;
  if (present) await hetzner.act(`/primary_ips/${present}/actions/unassign`);
  const id = wanted[family];
  if (id !== undefined) {
    await hetzner.act(`/primary_ips/${id}/actions/assign`, {
      assignee_id: server.id,
      assignee_type: "server",
    });
  } else if (wanted[`${family}Enabled`]) {
    const made = await hetzner.post(
      "/primary_ips",
      {
        name: `${server.name}-${family}-${Date.now().toString(36)}`,
        type: family,
        assignee_id: server.id,
        assignee_type: "server",
        auto_delete: true,
      },
      z.object({ action: z.unknown() }),
    );
    await settleUnknown(hetzner, made.action);
  }
}

async function settleUnknown(hetzner: Hetzner, action: unknown): Promise<void> {
  const found = z.object({
    id: z.number(),
    status: z.enum(["running", "success", "error"]),
    command: z.string(),
  });
  const parsed = found.safeParse(action);
  if (parsed.success) await hetzner.settle(parsed.data);
}

const firewalls: Change = async (hetzner, now, { firewallIds, ignoreRemoteFirewallIds }) => {
  if (!firewallIds) return;
  const present = (now.public_net.firewalls ?? []).map((firewall) => firewall.id);
  const less = ignoreRemoteFirewallIds ? [] : present.filter((id) => !firewallIds.includes(id));
  const change = async (id: number, applied: boolean): Promise<void> => {
    const targets = targetsOf(await hetzner.get(`/firewalls/${id}`, Firewall));
    const others = targets.filter((target) => target.type !== "server" || target.server.id !== now.id);
    await applyTo(hetzner, String(id), applied ? [...others, serverTarget(now.id)] : others);
  };
  for (const id of less) await change(id, false);
  for (const id of firewallIds.filter((each) => !present.includes(each))) await change(id, true);
};

const placement: Change = async (hetzner, now, { placementGroupId }) => {
  const present = now.placement_group ?? undefined;
  if (placementGroupId === present) return;
  if (present !== undefined) {
    if (now.status !== "off") {
      throw new Error(
        `server ${now.id} runs; a running server can't be taken out of placement group ${present}: shut it down first`,
      );
    }
    await hetzner.act(`${pathOf(now)}/actions/remove_from_placement_group`);
  }
  if (placementGroupId) {
    await hetzner.act(`${pathOf(now)}/actions/add_to_placement_group`, { placement_group: placementGroupId });
  }
};

const backups: Change = async (hetzner, now, wanted) => {
  if (wanted.backups === Boolean(now.backup_window)) return;
  await hetzner.act(`${pathOf(now)}/actions/${wanted.backups ? "enable_backup" : "disable_backup"}`);
};

const media: Change = async (hetzner, now, { iso, rescue }) => {
  const path = pathOf(now);
  if (now.iso && !iso) await hetzner.act(`${path}/actions/detach_iso`);
  if (iso && now.iso?.name !== iso) await hetzner.act(`${path}/actions/attach_iso`, { iso });
  if (now.rescue_enabled && !rescue) await hetzner.act(`${path}/actions/disable_rescue`);
  if (rescue && !now.rescue_enabled) await hetzner.act(`${path}/actions/enable_rescue`, { type: rescue });
};

const protection: Change = (hetzner, now, wanted) =>
  protect(hetzner, pathOf(now), now.protection, {
    delete: wanted.deleteProtection,
    rebuild: wanted.rebuildProtection,
  });

/** What is left to do on a server that was just made; networks first, as a server without public address needs them. */
export const AFTER_CREATE: Change[] = [networks, backups, media, protection];
/** What an update may change, in the real plugin's order. */
export const ON_UPDATE: Change[] = [
  names,
  type,
  backups,
  media,
  networks,
  firewalls,
  publicNet,
  placement,
  protection,
];

async function powerOn(hetzner: Hetzner, server: Server): Promise<void> {
  const { server: now } = await hetzner.get(pathOf(server), Server);
  if (now.status === "off") await hetzner.act(`${pathOf(server)}/actions/poweron`);
}

function sameItems(left: string[], right: string[]): boolean {
  return left.length === right.length && left.every((item) => right.includes(item));
}
