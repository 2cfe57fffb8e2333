import { Network as HcloudNetwork } from "@pulumi/hcloud/network.js";
import { NetworkSubnet } from "@pulumi/hcloud/networkSubnet.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { labels, type Owner, physicalName } from "./labels.ts";
import { type Location, NETWORK_ZONES } from "./location.ts";

export interface NetworkArgs {
  owner: Owner;
  location: Location;
}

/** The private network between the servers, with one subnet in the location's own network zone. */
export class Network extends ComponentResource {
  readonly subnetId: Output<string>;

  constructor(name: string, { owner, location }: NetworkArgs, options?: ComponentResourceOptions) {
    super("quayside:hetzner:Network", name, {}, options);
    const network = new HcloudNetwork(
      name,
      { name: physicalName(owner, name), ipRange: "10.0.0.0/16", labels: labels(owner, name) },
      { parent: this },
    );
    const subnet = new NetworkSubnet(
      "subnet",
      {
        networkId: network.id.apply(Number),
        type: "cloud",
        networkZone: NETWORK_ZONES[location],
        ipRange: "10.0.1.0/24",
      },
      { parent: this },
    );
    this.subnetId = subnet.id;
    this.registerOutputs({});
  }
}
