import fc from "fast-check";
import type { PropertyMap, PropertyValue } from "../provider/property.ts";
import type { ResourceSchema, Shape } from "../schema.ts";

const text = fc.string({ minLength: 1, maxLength: 6 });

/** Any value of a shape. Sets have no two equal elements, as the API would not take them. */
export function anyOf(shape: Shape): fc.Arbitrary<PropertyValue> {
  switch (shape.kind) {
    case "string":
      return text;
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: 0, max: 1000 });
    case "number":
      return fc.integer({ min: 0, max: 1000 });
    case "list":
      return fc.array(anyOf(shape.of), { maxLength: 3 });
    case "set":
      return fc.uniqueArray(anyOf(shape.of), { maxLength: 3, selector: (value) => JSON.stringify(value) });
    case "map":
      return fc.dictionary(text, anyOf(shape.of), { maxKeys: 3 });
    case "record":
      return fc.record(
        Object.fromEntries(Object.entries(shape.properties).map(([key, { shape: of }]) => [key, anyOf(of)])),
        { requiredKeys: Object.keys(shape.properties).filter((key) => shape.properties[key]?.required) },
      );
    case "any":
    case "object":
      return fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.array(text, { maxLength: 2 })), {
        maxKeys: 3,
      });
  }
}

/** Any inputs of a resource that a program could give. */
export function inputsOfResource(schema: ResourceSchema): fc.Arbitrary<PropertyMap> {
  const settable = Object.entries(schema.properties).filter(
    ([, property]) => property.input && !property.removed,
  );
  return fc.record(Object.fromEntries(settable.map(([key, property]) => [key, anyOf(property.shape)])), {
    requiredKeys: settable.filter(([, property]) => property.required).map(([key]) => key),
  });
}
