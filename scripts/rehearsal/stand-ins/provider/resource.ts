import type { PackageSchema } from "../schema.ts";
import type { PropertyMap } from "./property.ts";

/** What a cloud says of one resource: its provider id and its properties under Pulumi's names. */
export interface Live {
  id: string;
  outputs: PropertyMap;
}

/** The call that makes a resource. All values are known and without secret markers. */
export interface Creation {
  inputs: PropertyMap;
  /** To be told as soon as the resource exists: whatever fails after that leaves it in the state, with the failure. */
  created(id: string): void;
}

/** A resource as the state knows it. For an import there is only the id; the two maps are empty then. */
export interface Known {
  id: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
}

/** A change of a resource; `inputs` is what it shall be, `known` what the state says it is. */
export interface Revision {
  id: string;
  inputs: PropertyMap;
  known: Known;
}

/** How one type of resource maps to the calls of its cloud. */
export interface ResourceKind<Client> {
  create(client: Client, creation: Creation): Promise<Live>;
  /** What the cloud says now, undefined where it is gone. */
  read(client: Client, known: Known): Promise<Live | undefined>;
  /** Brings the live resource to the inputs, also where an earlier attempt stopped half-way. Absent: every change replaces. */
  update?(client: Client, revision: Revision): Promise<Live>;
  /** A resource that is gone already counts as deleted. */
  delete(client: Client, known: Known): Promise<void>;
}

/** A function that a program calls: arguments in, results out. */
export type InvokeFunction<Client> = (client: Client, args: PropertyMap) => Promise<PropertyMap>;

/** One package: what the provider service of provider/service.ts needs to stand in for a plugin. */
export interface ProviderDefinition<Client> {
  schema: PackageSchema;
  /** Makes the client of one engine connection from that connection's own configuration. `signal` means: start no further call. */
  connect(config: ReadonlyMap<string, string>, signal: AbortSignal): Client;
  resources: Record<string, ResourceKind<Client>>;
  functions: Record<string, InvokeFunction<Client>>;
}
