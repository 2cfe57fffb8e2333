import type { Location } from "./location.ts";

/** Says of every resource at Hetzner which project and stack it belongs to, and which of the stack's resources it is. */
export interface Owner {
  project: string;
  stack: string;
}

export type Labels = Record<"project" | "stack" | "resource", string>;

export function labels(owner: Owner, resource: string): Labels {
  return { project: owner.project, stack: owner.stack, resource };
}

/**
 * Names are unique in a Hetzner project, which stacks may share. What can't leave its location has it in its name, so that
 * its successor elsewhere can be there before it goes.
 */
export function physicalName(owner: Owner, resource: string, location?: Location): string {
  // Of a further project, the stack's name begins with the project's already.
  const owned = owner.stack.startsWith(`${owner.project}-`) ? [owner.stack] : [owner.project, owner.stack];
  return [...owned, resource, ...(location ? [location] : [])].join("-");
}
