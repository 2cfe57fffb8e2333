import { isLocked } from "./actions.ts";
import { findLocation, findServerType, images, serverTypeView } from "./catalogue.ts";
import { firewallsOf } from "./firewalls.ts";
import type { ServerDocument } from "./model.ts";
import { placementGroupView } from "./placement-groups.ts";
import type { Project } from "./project.ts";
import { statusAt } from "./status.ts";

/** A server as `GET /servers/{id}` shows it; without `datacenter`, which is gone since 1 July 2026. */
export function serverView(project: Project, server: ServerDocument) {
  const type = findServerType(server.serverType);
  const addresses = project.primaryIps.list().filter((ip) => ip.assignee === server.id);
  const ipv4 = addresses.find((ip) => ip.type === "ipv4");
  const ipv6 = addresses.find((ip) => ip.type === "ipv6");
  const group =
    server.placementGroup === null ? undefined : project.placementGroups.get(server.placementGroup);
  return {
    id: server.id,
    name: server.name,
    status: statusAt(server, project.now()),
    created: server.created,
    public_net: {
      ipv4: ipv4
        ? { id: ipv4.id, ip: ipv4.ip, blocked: false, dns_ptr: ipv4.dnsPtr[0]?.dns_ptr ?? "" }
        : null,
      ipv6: ipv6 ? { id: ipv6.id, ip: ipv6.ip, blocked: false, dns_ptr: ipv6.dnsPtr } : null,
      floating_ips: [],
      firewalls: firewallsOf(project, server),
    },
    private_net: server.networks.map((each) => ({
      network: each.network,
      ip: each.ip,
      alias_ips: each.aliasIps,
      mac_address: each.macAddress,
    })),
    server_type: type ? serverTypeView(type) : null,
    location: findLocation(server.location),
    image: images.find((image) => image.id === server.image) ?? null,
    iso: null,
    rescue_enabled: false,
    locked: isLocked(project, "server", server.id),
    backup_window: server.backupWindow,
    outgoing_traffic: null,
    ingoing_traffic: null,
    included_traffic: (type?.places[server.location]?.trafficTb ?? 0) * 1024 ** 4,
    protection: server.protection,
    labels: server.labels,
    volumes: project.volumes
      .list()
      .filter((volume) => volume.server === server.id)
      .map((volume) => volume.id),
    load_balancers: [],
    primary_disk_size: server.primaryDiskSize,
    placement_group: group ? placementGroupView(project, group) : null,
  };
}
