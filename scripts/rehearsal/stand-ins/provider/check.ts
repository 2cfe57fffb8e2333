import type { PropertySchemas, ResourceSchema, Shape } from "../schema.ts";
import { type AutoName, autoName } from "./auto-name.ts";
import { DEFAULTS_KEY, isMap, type PropertyMap, type PropertyValue, Secret, UNKNOWN } from "./property.ts";

/** One thing that is wrong with the inputs; `property` is a path such as `rules[0].port`. */
export interface CheckFailure {
  property: string;
  reason: string;
}

/**
 * Checks the inputs of a program against the schema and fills in names and defaults, as the bridged plugins do:
 * resources of the bridge's older half get their defaults as inputs (with a note of which, {@link DEFAULTS_KEY}),
 * resources of its plugin-framework half get only a name.
 */
export function check(
  schema: ResourceSchema,
  news: PropertyMap,
  olds: PropertyMap,
  name: AutoName,
): { inputs: PropertyMap; failures: CheckFailure[] } {
  const failures: CheckFailure[] = [];
  const inputs = checkRecord(schema.properties, news, "", failures, schema.bridge === "sdk");

  const filled: string[] = Array.isArray(inputs[DEFAULTS_KEY])
    ? inputs[DEFAULTS_KEY].filter((key) => typeof key === "string")
    : [];
  for (const [key, property] of Object.entries(schema.properties)) {
    if (!property.autoName || inputs[key] !== undefined) continue;
    const generated = autoName(name, olds[key]);
    if (generated === undefined) {
      failures.push({ property: key, reason: missing(key) });
      continue;
    }
    inputs[key] = generated;
    filled.push(key);
  }
  if (schema.bridge === "sdk") inputs[DEFAULTS_KEY] = filled.sort();

  for (const group of schema.exactlyOne) {
    const given = group.filter((key) => inputs[key] !== undefined);
    if (given.length !== 1) {
      failures.push({
        property: given[1] ?? group[0] ?? "",
        reason: `exactly one of ${group.join(", ")} must be set, got ${given.length === 0 ? "none" : given.join(" and ")}`,
      });
    }
  }
  return { inputs, failures };
}

function checkRecord(
  schemas: PropertySchemas,
  news: PropertyMap,
  at: string,
  failures: CheckFailure[],
  fillDefaults: boolean,
  nested = false,
): PropertyMap {
  const result: PropertyMap = {};
  const settable = (key: string): boolean => nested || schemas[key]?.input === true;
  for (const [key, value] of Object.entries(news)) {
    if (key === DEFAULTS_KEY || value === null) continue;
    const path = join(at, key);
    const schema = schemas[key];
    if (!schema || !settable(key)) {
      failures.push({ property: path, reason: `unsupported property${suggestion(key, schemas, settable)}` });
      continue;
    }
    if (schema.removed) {
      failures.push({ property: path, reason: schema.removed });
      continue;
    }
    const checked = checkValue(schema.shape, value, path, failures, fillDefaults);
    result[key] = schema.secret && !(checked instanceof Secret) ? new Secret(checked) : checked;
  }
  const filled: string[] = [];
  for (const [key, schema] of Object.entries(schemas)) {
    if (result[key] !== undefined || !settable(key) || schema.autoName) continue;
    if (fillDefaults && schema.default !== undefined) {
      result[key] = schema.default;
      filled.push(key);
    } else if (schema.required && news[key] === undefined) {
      failures.push({ property: join(at, key), reason: missing(key) });
    }
  }
  if (filled.length > 0) result[DEFAULTS_KEY] = filled.sort();
  return result;
}

function checkValue(
  shape: Shape,
  value: PropertyValue,
  at: string,
  failures: CheckFailure[],
  fillDefaults: boolean,
): PropertyValue {
  if (value === UNKNOWN) return value;
  if (value instanceof Secret) return new Secret(checkValue(shape, value.value, at, failures, fillDefaults));
  const wrong = (expected: string): PropertyValue => {
    failures.push({ property: at, reason: `expected ${expected}, got ${describe(value)}` });
    return value;
  };
  switch (shape.kind) {
    case "any":
      return value;
    case "object":
      return isMap(value) ? value : wrong("an object");
    case "string":
      // The bridge turns scalars into the type that the schema asks for.
      if (typeof value === "number" || typeof value === "boolean") return String(value);
      return typeof value === "string" ? value : wrong("a string");
    case "boolean":
      if (value === "true" || value === "false") return value === "true";
      return typeof value === "boolean" ? value : wrong("a boolean");
    case "integer":
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      const good = shape.kind === "integer" ? Number.isInteger(number) : Number.isFinite(number);
      return good && typeof number === "number"
        ? number
        : wrong(shape.kind === "integer" ? "an integer" : "a number");
    }
    case "list":
    case "set":
      return Array.isArray(value)
        ? value.map((item, index) => checkValue(shape.of, item, `${at}[${index}]`, failures, fillDefaults))
        : wrong("a list");
    case "map":
      return isMap(value)
        ? Object.fromEntries(
            Object.entries(value).map(([key, item]) => [
              key,
              checkValue(shape.of, item, join(at, key), failures, fillDefaults),
            ]),
          )
        : wrong("an object");
    case "record":
      return isMap(value)
        ? checkRecord(shape.properties, value, at, failures, fillDefaults, true)
        : wrong("an object");
  }
}

/** Extends a property path by a key, quoted where the key is no plain word (Pulumi's property path syntax). */
export function join(at: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${at}[${JSON.stringify(key)}]`;
  return at === "" ? key : `${at}.${key}`;
}

function missing(key: string): string {
  return `missing required property '${key}'`;
}

function describe(value: PropertyValue): string {
  if (Array.isArray(value)) return "a list";
  if (isMap(value)) return "an object";
  return `${typeof value} ${JSON.stringify(value)}`;
}

function suggestion(key: string, schemas: PropertySchemas, settable: (key: string) => boolean): string {
  const near = Object.keys(schemas).find(
    (other) =>
      settable(other) &&
      (other.toLowerCase() === key.toLowerCase() || `${other}s` === key || `${key}s` === other),
  );
  return near ? `, did you mean '${near}'?` : "";
}
