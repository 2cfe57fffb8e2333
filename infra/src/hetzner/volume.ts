import { Volume as HcloudVolume } from "@pulumi/hcloud/volume.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { labels, type Owner, physicalName } from "./labels.ts";
import type { Location } from "./location.ts";

export interface VolumeArgs {
  owner: Owner;
  location: Location;
  /** In GB. It can grow in place and never shrink. */
  size: number;
  protect: boolean;
}

/** The disk that outlives servers. It is attached by the server that uses it. */
export class Volume extends ComponentResource {
  readonly id: Output<string>;
  readonly name: Output<string>;
  readonly linuxDevice: Output<string>;

  constructor(
    name: string,
    { owner, location, size, protect }: VolumeArgs,
    options?: ComponentResourceOptions,
  ) {
    super("quayside:hetzner:Volume", name, {}, options);
    const volume = new HcloudVolume(
      name,
      {
        name: physicalName(owner, name, location),
        location,
        size,
        format: "ext4",
        deleteProtection: protect,
        labels: labels(owner, name),
      },
      { parent: this, protect },
    );
    this.id = volume.id;
    this.name = volume.name;
    this.linuxDevice = volume.linuxDevice;
    this.registerOutputs({});
  }
}
