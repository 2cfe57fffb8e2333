import type { ProviderDefinition } from "./resource.ts";

/** Enough of a package schema (https://www.pulumi.com/docs/iac/extending-pulumi/schema/) to see what is there. */
export function minimalSchema<Client>(definition: ProviderDefinition<Client>): object {
  const { schema } = definition;
  return {
    name: schema.name,
    version: schema.version,
    resources: Object.fromEntries(
      [...schema.resources.values()].map((resource) => {
        const all = Object.entries(resource.properties);
        const open = ([key, property]: (typeof all)[number]) => [
          key,
          {
            $ref: "pulumi.json#/Any",
            secret: property.secret || undefined,
            willReplaceOnChanges: property.replace || undefined,
          },
        ];
        const inputs = all.filter(([, property]) => property.input);
        return [
          resource.token,
          {
            properties: Object.fromEntries(all.map(open)),
            inputProperties: Object.fromEntries(inputs.map(open)),
            requiredInputs: inputs.filter(([, property]) => property.required).map(([key]) => key),
          },
        ];
      }),
    ),
    functions: Object.fromEntries(Object.keys(definition.functions).map((token) => [token, {}])),
  };
}
