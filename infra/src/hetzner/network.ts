import { Network as HcloudNetwork } from "@pulumi/hcloud/network.js";
import { NetworkSubnet } from "@pulumi/hcloud/networkSubnet.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { labels, type Owner, physicalName } from "./labels.ts";
import { type Location, NETWORK_ZONES } from "./location.ts";

export interface NetworkArgs {
  owner: Owner;
  location: Location;
}

/**
 * The private network between the servers, with one subnet in the location's own network zone. All subnets of a network
 * are in one zone (https://docs.hetzner.com/cloud/networks/faq), so that each zone has a network of its own: servers that
 * move find theirs before the other one goes.
 */
export class Network extends ComponentResource {
  readonly subnetId: Output<string>;

  constructor(name: string, { owner, location }: NetworkArgs, options?: ComponentResourceOptions) {
    super("quayside:hetzner:Network", name, {}, options);
    const zone = NETWORK_ZONES[location];
    const resource = `${name}-${zone}`;
    const network = new HcloudNetwork(
      resource,
      { name: physicalName(owner, resource), ipRange: "10.0.0.0/16", labels: labels(owner, resource) },
      { parent: this },
    );
    const subnet = new NetworkSubnet(
      `subnet-${zone}`,
      {
        networkId: network.id.apply(Number),
        type: "cloud",
        networkZone: zone,
        ipRange: "10.0.1.0/24",
      },
      { parent: this },
    );
    this.subnetId = subnet.id;
    this.registerOutputs({});
  }
}
