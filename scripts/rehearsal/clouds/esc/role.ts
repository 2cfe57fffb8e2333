import { z } from "zod";

/** A boolean question that a condition asks of an environment. */
type Expression =
  | { __type: "PermissionExpressionEnvironment" }
  | { __type: "PermissionLiteralExpressionEnvironment"; identity: string }
  | { __type: "PermissionExpressionEqual"; left: Expression; right: Expression }
  | { __type: "PermissionExpressionOr"; left: Expression; right: Expression };

const Expression: z.ZodType<Expression> = z.lazy(() =>
  z.discriminatedUnion("__type", [
    z.object({ __type: z.literal("PermissionExpressionEnvironment") }),
    z.object({ __type: z.literal("PermissionLiteralExpressionEnvironment"), identity: z.uuid() }),
    z.object({ __type: z.literal("PermissionExpressionEqual"), left: Expression, right: Expression }),
    z.object({ __type: z.literal("PermissionExpressionOr"), left: Expression, right: Expression }),
  ]),
);

type Descriptor =
  | { __type: "PermissionDescriptorAllow"; permissions: string[] }
  | { __type: "PermissionDescriptorGroup"; entries: Descriptor[] }
  | { __type: "PermissionDescriptorCondition"; condition: Expression; subNode: Descriptor };

/** What a custom role allows, as Pulumi Cloud's API writes it, as far as roles are about environments. */
export const RoleDetails: z.ZodType<Descriptor> = z.lazy(() =>
  z.discriminatedUnion("__type", [
    z.object({ __type: z.literal("PermissionDescriptorAllow"), permissions: z.array(z.string()) }),
    z.object({ __type: z.literal("PermissionDescriptorGroup"), entries: z.array(RoleDetails) }),
    z.object({
      __type: z.literal("PermissionDescriptorCondition"),
      condition: Expression,
      subNode: RoleDetails,
    }),
  ]),
);

/** The environments (`project/name`) that a role lets one open. */
export function openedBy(
  details: Descriptor,
  environments: readonly { id: string; project: string; name: string }[],
): string[] {
  return environments
    .filter(({ id }) => allows(details, id, "environment:open"))
    .map(({ project, name }) => `${project}/${name}`);
}

function allows(node: Descriptor, environment: string, permission: string): boolean {
  switch (node.__type) {
    case "PermissionDescriptorAllow":
      return node.permissions.includes(permission);
    case "PermissionDescriptorGroup":
      return node.entries.some((entry) => allows(entry, environment, permission));
    case "PermissionDescriptorCondition":
      return holds(node.condition, environment) && allows(node.subNode, environment, permission);
  }
}

function holds(expression: Expression, environment: string): boolean {
  if (expression.__type === "PermissionExpressionOr")
    return holds(expression.left, environment) || holds(expression.right, environment);
  if (expression.__type !== "PermissionExpressionEqual") return false;
  return operand(expression.left, environment) === operand(expression.right, environment);
}

function operand(expression: Expression, environment: string): string | undefined {
  if (expression.__type === "PermissionExpressionEnvironment") return environment;
  return expression.__type === "PermissionLiteralExpressionEnvironment" ? expression.identity : undefined;
}
