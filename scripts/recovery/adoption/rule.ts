import type { CloudflareInventory } from "../../providers/cloudflare-inventory.ts";
import type { HetznerInventory } from "../../providers/hetzner-inventory.ts";

/** The clouds, as far as somebody looks for what a lost update left there. */
export interface Clouds {
  hetzner: HetznerInventory;
  cloudflare: CloudflareInventory;
  /** The stack's zone; undefined where not even the preview knows it. */
  zoneId: string | undefined;
}

/** What was found of a resource that the program wants. */
export interface Found {
  /** By which the provider finds it, in its own form. */
  id: string;
  /** Inputs that it does not have as they are wanted, and that no reading will show. */
  unlike?: readonly string[];
  /** Outputs by which the provider finds it, besides the id. */
  outputs?: Readonly<Record<string, unknown>>;
}

/** The inputs that the program wants of a resource. All that an adoption rule reads of them is known. */
export type Wanted = Readonly<Record<string, unknown>>;

/**
 * How to find one kind of resource again. A rule must be sure: what it finds is taken over, so that what it goes by is
 * what only this stack's own resource has (its labels, its comment, its key), or a name that the cloud gives once and
 * that has the stack in it.
 */
export interface AdoptionRule {
  /** Pulumi's type token. */
  type: string;
  /** The inputs that it goes by; it is not asked before all of them are known. */
  by: readonly string[];
  find(clouds: Clouds, wanted: Wanted): Promise<Found | undefined>;
}
