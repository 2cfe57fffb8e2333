import { R2Bucket } from "@pulumi/cloudflare/r2bucket.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { type Owner, physicalName } from "../hetzner/labels.ts";
import type { Location } from "../hetzner/location.ts";

/** The region of R2 next to a location of Hetzner. https://developers.cloudflare.com/r2/reference/data-location/ */
const REGIONS: { [location in Location]: string } = {
  hil: "wnam",
  ash: "enam",
  fsn1: "weur",
  nbg1: "weur",
  hel1: "eeur",
  sin: "apac",
};

export interface BackupsArgs {
  accountId: string;
  owner: Owner;
  location: Location;
  protect: boolean;
}

/** The bucket that the server with the volume backs it up to, at another company than the one that has the volume. */
export class Backups extends ComponentResource {
  readonly bucket: Output<string>;
  /** As restic wants it. */
  readonly repository: Output<string>;

  constructor(
    name: string,
    { accountId, owner, location, protect }: BackupsArgs,
    options?: ComponentResourceOptions,
  ) {
    super("quayside:cloudflare:Backups", name, {}, options);
    const { name: bucket } = new R2Bucket(
      name,
      { accountId, name: physicalName(owner, name), location: REGIONS[location] },
      // A bucket stays where it was made, wherever the servers move.
      { parent: this, protect, ignoreChanges: ["location"] },
    );
    this.bucket = bucket;
    this.repository = bucket.apply((own) => `s3:https://${accountId}.r2.cloudflarestorage.com/${own}`);
    this.registerOutputs({});
  }
}
