import { z } from "zod";
import { UserError } from "../errors.ts";
import { reasonOf, request } from "./request.ts";

const Item = z.object({
  id: z.number(),
  name: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
});
export type HetznerItem = z.infer<typeof Item>;

/** Kinds of things that bear a name, which is unique among their kind in a project; the API's own words. */
export type HetznerCollection =
  | "firewalls"
  | "load_balancers"
  | "networks"
  | "placement_groups"
  | "primary_ips"
  | "servers"
  | "ssh_keys"
  | "volumes";

/** Another action is at work on the same thing: https://docs.hetzner.cloud/reference/cloud#errors. */
const LOCKED = 423;

/** Looks at what a Hetzner project has (https://docs.hetzner.cloud/reference/cloud); changes nothing but whether a server is on. */
export interface HetznerInventory {
  named(collection: HetznerCollection, name: string): Promise<HetznerItem | undefined>;
  /** The IP ranges of a network's subnets; none where the network is gone. */
  subnets(networkId: number): Promise<string[]>;
  /** The id of the server that a volume is attached to. */
  serverOfVolume(volumeId: number): Promise<number | undefined>;
  /** The API's own word, such as `running` or `off`; undefined where the server is gone. */
  serverStatus(serverId: number): Promise<string | undefined>;
  /** Switches a server on; false where another action is still at work on it. */
  switchOn(serverId: number): Promise<boolean>;
}

/**
 * @param endpoint ends with `/v1`
 * @throws UserError `hetzner-refused`, `hetzner-unreachable` from every call
 */
export function hetznerInventory(token: string, endpoint = "https://api.hetzner.cloud/v1"): HetznerInventory {
  /** Gives answers that are `expected` to the caller, with their body unread where they are no success. */
  async function call(method: "GET" | "POST", path: string, expected: number): Promise<Response> {
    const response = await request(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    }).catch((cause: unknown) => {
      throw new UserError(
        "hetzner-unreachable",
        `Hetzner does not answer ${method} ${path}: ${reasonOf(cause)}.`,
        "Check the network and HCLOUD_ENDPOINT, then run the command again.",
        1,
        { cause },
      );
    });
    if (!response.ok && response.status !== expected) {
      throw new UserError(
        "hetzner-refused",
        `Hetzner answered ${response.status} to ${method} ${path}.`,
        response.status === 401
          ? "Check HCLOUD_TOKEN: it must be an API token of this project that still exists."
          : "Run the command again; if it stays, look at status.hetzner.com.",
      );
    }
    return response;
  }

  async function get<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const response = await call("GET", path, 404);
    if (response.ok) return schema.parse(await response.json());
    await response.body?.cancel();
    return undefined;
  }

  return {
    async named(collection, name) {
      const found = await get(
        `/${collection}?name=${encodeURIComponent(name)}`,
        z.record(z.string(), z.unknown()),
      );
      const items = z.array(Item).parse(found?.[collection] ?? []);
      return items.find((item) => item.name === name);
    },
    async subnets(networkId) {
      const Network = z.object({
        network: z.object({ subnets: z.array(z.object({ ip_range: z.string() })) }),
      });
      const found = await get(`/networks/${networkId}`, Network);
      return found?.network.subnets.map(({ ip_range }) => ip_range) ?? [];
    },
    async serverOfVolume(volumeId) {
      const Volume = z.object({ volume: z.object({ server: z.number().nullable() }) });
      return (await get(`/volumes/${volumeId}`, Volume))?.volume.server ?? undefined;
    },
    async serverStatus(serverId) {
      const Server = z.object({ server: z.object({ status: z.string() }) });
      return (await get(`/servers/${serverId}`, Server))?.server.status;
    },
    async switchOn(serverId) {
      const response = await call("POST", `/servers/${serverId}/actions/poweron`, LOCKED);
      await response.body?.cancel();
      return response.ok;
    },
  };
}
