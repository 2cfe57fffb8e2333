import { z } from "zod";
import type { PropertyValue } from "./provider/property.ts";
import facts from "./schema.json" with { type: "json" };

const Property = z.strictObject({
  type: z.string(),
  input: z.boolean().default(false),
  required: z.boolean().default(false),
  replace: z.boolean().default(false),
  computed: z.boolean().default(false),
  secret: z.boolean().default(false),
  autoName: z.boolean().default(false),
  volatile: z.boolean().default(false),
  writeOnly: z.boolean().default(false),
  default: z.json().optional(),
  removed: z.string().optional(),
});
const Properties = z.record(z.string(), Property);
const Resource = z.strictObject({
  /** Which of the bridge's two halves the real plugin uses: they fill in defaults and name things differently. */
  bridge: z.enum(["sdk", "framework"]),
  /** Groups of properties of which a program sets exactly one. */
  exactlyOne: z.array(z.array(z.string())).default([]),
  properties: Properties,
});
const Package = z.strictObject({
  version: z.string(),
  config: z.record(
    z.string(),
    z.strictObject({ secret: z.boolean().default(false), env: z.array(z.string()).default([]) }),
  ),
  types: z.record(z.string(), Properties),
  resources: z.record(z.string(), Resource),
});

export const PACKAGES = ["hcloud", "cloudflare", "tls"] as const;
export type PackageName = (typeof PACKAGES)[number];

/** What a value looks like. `record` is an object whose keys the schema names; `object` one that it leaves open. */
export type Shape =
  | { kind: "string" | "integer" | "number" | "boolean" | "any" | "object" }
  | { kind: "list" | "set" | "map"; of: Shape }
  | { kind: "record"; properties: PropertySchemas };

/** One property of a resource or of a nested object; the words are explained at the top of schema.json. */
export interface PropertySchema {
  shape: Shape;
  /** The type as the schema file spells it, for messages. */
  type: string;
  input: boolean;
  required: boolean;
  replace: boolean;
  computed: boolean;
  secret: boolean;
  autoName: boolean;
  volatile: boolean;
  writeOnly: boolean;
  default?: PropertyValue;
  removed?: string;
}
export type PropertySchemas = Record<string, PropertySchema>;

export interface ResourceSchema {
  token: string;
  bridge: "sdk" | "framework";
  exactlyOne: string[][];
  properties: PropertySchemas;
}

export interface PackageSchema {
  name: PackageName;
  version: string;
  config: Record<string, { secret: boolean; env: string[] }>;
  resources: Map<string, ResourceSchema>;
}

/** The facts of schema.json for one package, with its type names resolved. */
export function packageSchema(name: PackageName): PackageSchema {
  const parsed = Package.parse(facts[name]);
  const named = new Map<string, PropertySchemas>();
  const shapeOf = (type: string): Shape => {
    const inner = type.slice(1, -1);
    if (type.startsWith("[")) return { kind: "list", of: shapeOf(inner) };
    if (type.startsWith("<")) return { kind: "set", of: shapeOf(inner) };
    if (type.startsWith("{")) return { kind: "map", of: shapeOf(inner) };
    const properties = named.get(type);
    if (properties) return { kind: "record", properties };
    return { kind: Plain.parse(type) };
  };
  const resolve = (properties: z.infer<typeof Properties>): PropertySchemas =>
    Object.fromEntries(
      Object.entries(properties).map(([key, property]) => [
        key,
        { ...property, shape: shapeOf(property.type) } satisfies PropertySchema,
      ]),
    );
  for (const [type, properties] of Object.entries(parsed.types)) named.set(type, resolve(properties));
  return {
    name,
    version: parsed.version,
    config: parsed.config,
    resources: new Map(
      Object.entries(parsed.resources).map(([token, resource]) => [
        token,
        { ...resource, token, properties: resolve(resource.properties) },
      ]),
    ),
  };
}

const Plain = z.enum(["string", "integer", "number", "boolean", "any", "object"]);
