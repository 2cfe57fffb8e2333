import type { ResourceSchema } from "../schema.ts";
import { asWritten, isNothing } from "./equal.ts";
import { DEFAULTS_KEY, markLike, type PropertyMap, type PropertyValue, Secret, UNKNOWN } from "./property.ts";

/** What a preview can say of a resource that will be created: its inputs, its defaults, and unknowns for the rest. */
export function plannedCreate(schema: ResourceSchema, inputs: PropertyMap): PropertyMap {
  const outputs: PropertyMap = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const value = inputs[key] ?? property.default;
    if (value !== undefined) outputs[key] = value;
    else if (!property.input || property.computed)
      outputs[key] = property.secret ? new Secret(UNKNOWN) : UNKNOWN;
  }
  return outputs;
}

/** What a preview can say of a resource that will be updated: what stays, stays known. */
export function plannedUpdate(schema: ResourceSchema, olds: PropertyMap, inputs: PropertyMap): PropertyMap {
  const outputs: PropertyMap = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    const kept = property.input && !property.computed ? property.default : olds[key];
    const value = property.volatile ? UNKNOWN : (inputs[key] ?? kept);
    if (value !== undefined) outputs[key] = value;
  }
  return outputs;
}

/** Live properties with secret markers: where the schema says so, and where the inputs or the old state have them. */
export function sealed(schema: ResourceSchema, live: PropertyMap, ...like: PropertyMap[]): PropertyMap {
  return Object.fromEntries(
    Object.entries(live).map(([key, value]) => {
      const marked = like.reduce<PropertyValue>((result, other) => markLike(result, other[key]), value);
      return [
        key,
        schema.properties[key]?.secret && !(marked instanceof Secret) ? new Secret(marked) : marked,
      ];
    }),
  );
}

/**
 * The inputs that would have made the live resource, for a refresh or an import.
 *
 * What the program wrote and the cloud still has is kept as it was written. What differs shows the cloud's value, so
 * that the next diff finds it. What the program left out appears only where the provider does not fill it in by itself
 * and it is not at its default: somebody set it by hand.
 */
export function inputsOf(schema: ResourceSchema, live: PropertyMap, written: PropertyMap): PropertyMap {
  const imported = Object.keys(written).length === 0;
  const inputs: PropertyMap = {};
  for (const [key, property] of Object.entries(schema.properties)) {
    if (!property.input) continue;
    const before = written[key];
    const now = live[key];
    if (before === undefined) {
      if (isNothing(now) || now === undefined || property.writeOnly) continue;
      const value = asWritten(property.shape, now, undefined);
      const usual =
        property.default !== undefined && JSON.stringify(value) === JSON.stringify(property.default);
      if (!usual && (imported || !property.computed)) inputs[key] = value;
      continue;
    }
    if (property.writeOnly) inputs[key] = before;
    else if (now === undefined || now === null) {
      // Gone from the cloud; what is empty on both sides is no difference.
      if (isNothing(before)) inputs[key] = before;
    } else {
      inputs[key] = markLike(asWritten(property.shape, now, before), before);
    }
  }
  if (written[DEFAULTS_KEY] !== undefined) inputs[DEFAULTS_KEY] = written[DEFAULTS_KEY];
  else if (schema.bridge === "sdk") inputs[DEFAULTS_KEY] = [];
  return inputs;
}
