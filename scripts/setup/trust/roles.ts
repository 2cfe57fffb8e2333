import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";

/** A custom role of an organization at Pulumi Cloud, as far as it is read. */
const Role = z.object({ id: z.string(), name: z.string(), details: z.unknown() });
export type Role = z.infer<typeof Role>;

/** Reading and opening an environment's values; nothing of it can be changed. */
const SCOPES = ["environment:read", "environment:open"];

/**
 * The permissions of a role that opens these environments (by their ids) and nothing else.
 * https://www.pulumi.com/docs/administration/access-identity/rbac/roles/
 */
export function opensOnly(environmentIds: readonly string[]) {
  return {
    __type: "PermissionDescriptorGroup",
    entries: environmentIds.toSorted().map((identity) => ({
      __type: "PermissionDescriptorCondition",
      condition: {
        __type: "PermissionExpressionEqual",
        left: { __type: "PermissionExpressionEnvironment" },
        right: { __type: "PermissionLiteralExpressionEnvironment", identity },
      },
      subNode: { __type: "PermissionDescriptorAllow", permissions: SCOPES },
    })),
  };
}

/** The custom roles of an organization; undefined where its edition has none. */
export async function listRoles(api: RestApi, organization: string): Promise<Role[] | undefined> {
  const answer = await api.ask("GET", `/orgs/${organization}/roles`);
  if (answer.status !== 200) return undefined;
  return z.object({ roles: z.array(Role) }).parse(answer.body).roles;
}

export async function makeRole(
  api: RestApi,
  organization: string,
  role: { name: string; description: string; details: unknown },
): Promise<void> {
  await api.call("POST", `/orgs/${organization}/roles`, z.unknown(), {
    ...role,
    resourceType: "organization",
    uxPurpose: "role",
  });
}

export async function changeRole(
  api: RestApi,
  organization: string,
  id: string,
  details: unknown,
): Promise<void> {
  await api.call("PATCH", `/orgs/${organization}/roles/${id}`, z.unknown(), { details });
}
