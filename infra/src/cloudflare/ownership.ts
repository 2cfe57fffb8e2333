import { getProject, getStack } from "@pulumi/pulumi";

/**
 * The comment of a DNS record: which stack's it is and which of its resources, for people in the dashboard, and for an update
 * that has to find again what a killed one has made.
 */
export function ownership(resource: string): string {
  return `${getProject()}/${getStack()}/${resource}`;
}
