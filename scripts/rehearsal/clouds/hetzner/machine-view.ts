import { firewallsOf } from "./firewalls.ts";
import type { FirewallRule } from "./model.ts";
import type { Project } from "./project.ts";
import { statusAt } from "./status.ts";

/** What a hypervisor would have to know of a server: what it boots, at which addresses, behind which rules, with which disks. */
export interface MachineView {
  id: number;
  name: string;
  status: string;
  userData: string;
  location: string;
  ipv4: string | null;
  /** Those of inbound traffic. Null where no firewall is applied, and everything may come in. */
  rules: Pick<FirewallRule, "protocol" | "port" | "source_ips">[] | null;
  volumes: { id: number; size: number }[];
  /** Its power actions so far, in their order: `reset_server` and the like. */
  power: { id: number; command: string }[];
}

const POWER = ["start_server", "stop_server", "shutdown_server", "reboot_server", "reset_server"];

/** Every server of the project, for whoever boots machines for them. The API itself tells no user data. */
export function machineViews(project: Project): MachineView[] {
  return project.servers.list().map((server) => {
    const firewalls = firewallsOf(project, server);
    const address = project.primaryIps.list().find((ip) => ip.type === "ipv4" && ip.assignee === server.id);
    return {
      id: server.id,
      name: server.name,
      status: statusAt(server, project.now()),
      userData: server.userData,
      location: server.location,
      ipv4: address?.ip ?? null,
      rules:
        firewalls.length === 0
          ? null
          : firewalls
              .flatMap(({ id }) => project.firewalls.get(id)?.rules ?? [])
              .filter(({ direction }) => direction === "in")
              .map(({ protocol, port, source_ips }) => ({ protocol, port, source_ips })),
      volumes: project.volumes
        .list()
        .filter((volume) => volume.server === server.id)
        .map(({ id, size }) => ({ id, size })),
      power: project.actions
        .list()
        .filter(
          ({ command, resources }) =>
            POWER.includes(command) &&
            resources.some(({ id, type }) => type === "server" && id === server.id),
        )
        .map(({ id, command }) => ({ id, command })),
    };
  });
}
