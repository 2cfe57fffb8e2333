import type { PropertyMap, PropertyValue } from "../provider/property.ts";
import type { Known, Live, ResourceKind } from "../provider/resource.ts";
import { type PropertySchemas, packageSchema } from "../schema.ts";
import type { Cloudflare, Result } from "./client.ts";
import { apiName, pulumiName, toApi, toPulumi } from "./names.ts";

export const schema = packageSchema("cloudflare");

/** What is particular to one type of resource among those that are a collection of the API with items in it. */
export interface Rest {
  token: string;
  /** Inputs that stand in the path, not in the body, in the order in which an import's id has them. */
  scope: string[];
  /** The collection's path for those inputs, with or without the item's name. */
  collection(scope: { [input: string]: string }): string;
  /** The item's id, the last part of its path; where it is not the result's `id`. */
  id?(result: Result): string;
  create?: "POST" | "PUT";
  update: "PUT" | "PATCH" | "never";
  /** The body of a create or an update where it is not simply the inputs under the API's names. */
  body?(inputs: PropertyMap, when: "create" | "update"): PropertyMap;
  /** Adjusts what the API says to how the program would say it. */
  tidy?(outputs: PropertyMap, known: Pick<Known, "inputs" | "outputs">): PropertyMap;
}

/** A resource of a collection: POST to make, GET, PUT or PATCH, and DELETE by id. */
export function restResource(rest: Rest): ResourceKind<Cloudflare> {
  const properties = propertiesOf(rest.token);
  const idOf = rest.id ?? ((result: Result) => String(result.id));
  const item = (scope: { [input: string]: string }, id: string): string =>
    `${rest.collection(scope)}/${encodeURIComponent(id)}`;
  const bodyOf = (inputs: PropertyMap, when: "create" | "update"): PropertyMap =>
    rest.body?.(inputs, when) ?? bodyFrom(properties, inputs, rest.scope);
  const live = (
    result: Result,
    id: string,
    scope: PropertyMap,
    known: Pick<Known, "inputs" | "outputs">,
  ): Live => {
    const outputs = { ...outputsFrom(properties, result, known), ...scope };
    return { id, outputs: rest.tidy?.(outputs, known) ?? outputs };
  };

  return {
    async create(cloudflare, creation) {
      const scope = scopeOf(rest.scope, creation.inputs);
      const result = await cloudflare.send(
        rest.create ?? "POST",
        rest.collection(scope),
        bodyOf(creation.inputs, "create"),
      );
      const id = idOf(result);
      creation.created(id);
      return live(result, id, scope, { inputs: creation.inputs, outputs: {} });
    },
    async read(cloudflare, known) {
      const { scope, id } = place(rest.scope, known);
      const result = await cloudflare.find(item(scope, id));
      return result && live(result, id, scope, known);
    },
    ...(rest.update === "never"
      ? {}
      : {
          async update(cloudflare, { id, inputs, known }) {
            const scope = scopeOf(rest.scope, inputs);
            const method = rest.update === "PUT" ? "PUT" : "PATCH";
            const result = await cloudflare.send(method, item(scope, id), bodyOf(inputs, "update"));
            return live(result, id, scope, { inputs, outputs: known.outputs });
          },
        }),
    async delete(cloudflare, known) {
      const { scope, id } = place(rest.scope, known);
      await cloudflare.remove(item(scope, id));
    },
  } satisfies ResourceKind<Cloudflare>;
}

/** What is particular to a thing that every zone has: it is never made or deleted, only set. */
export interface Singleton {
  token: string;
  scope: string[];
  path(scope: { [input: string]: string }): string;
  /** The resource's id. */
  id(scope: { [input: string]: string }): string;
  set: "PUT" | "PATCH";
  /** Adjusts what the API says to how the program would say it. */
  tidy?(outputs: PropertyMap): PropertyMap;
  /** What deleting the resource does; nothing where absent: Cloudflare keeps the setting, and so does the real plugin. */
  reset?(cloudflare: Cloudflare, path: string): Promise<void>;
}

export function singletonResource(singleton: Singleton): ResourceKind<Cloudflare> {
  const properties = propertiesOf(singleton.token);
  const live = (
    result: Result,
    scope: { [input: string]: string },
    known: Pick<Known, "inputs" | "outputs">,
  ): Live => {
    const outputs = { ...outputsFrom(properties, result, known), ...scope };
    return { id: singleton.id(scope), outputs: singleton.tidy?.(outputs) ?? outputs };
  };
  const set = async (cloudflare: Cloudflare, inputs: PropertyMap): Promise<Live> => {
    const scope = scopeOf(singleton.scope, inputs);
    const body = bodyFrom(properties, inputs, singleton.scope);
    return live(await cloudflare.send(singleton.set, singleton.path(scope), body), scope, {
      inputs,
      outputs: {},
    });
  };
  return {
    async create(cloudflare, creation) {
      const made = await set(cloudflare, creation.inputs);
      creation.created(made.id);
      return made;
    },
    async read(cloudflare, known) {
      const scope = singletonScope(singleton.scope, known);
      const result = await cloudflare.find(singleton.path(scope));
      return result && live(result, scope, known);
    },
    update: (cloudflare, revision) => set(cloudflare, revision.inputs),
    async delete(cloudflare, known) {
      await singleton.reset?.(cloudflare, singleton.path(singletonScope(singleton.scope, known)));
    },
  };
}

/** A thing of a zone has an id that the zone's does not stand in, unless it is imported: `ZONE/SETTING`. */
function singletonScope(scope: string[], known: Known): { [input: string]: string } {
  if (isInState(scope, known)) return scopeOf(scope, { ...known.outputs, ...known.inputs });
  const parts = known.id.split("/");
  if (parts.length !== scope.length) throw new Error(importForm(known.id, scope.map(apiName)));
  return Object.fromEntries(scope.map((key, index) => [key, parts[index] ?? ""]));
}

/** Where an item is: from the state, or, for an import, from an id such as `ZONE/RECORD`. */
function place(scope: string[], known: Known): { scope: { [input: string]: string }; id: string } {
  if (isInState(scope, known)) {
    return { scope: scopeOf(scope, { ...known.outputs, ...known.inputs }), id: known.id };
  }
  const parts = known.id.split("/");
  const id = parts.pop() ?? "";
  if (parts.length !== scope.length) throw new Error(importForm(known.id, [...scope.map(apiName), "id"]));
  return { scope: Object.fromEntries(scope.map((key, index) => [key, parts[index] ?? ""])), id };
}

function isInState(scope: string[], known: Known): boolean {
  return scope.every((key) => known.inputs[key] !== undefined || known.outputs[key] !== undefined);
}

function importForm(id: string, parts: string[]): string {
  return `"${id}" is no id to import by; it should look like ${parts.map((part) => `<${part}>`).join("/")}`;
}

function scopeOf(scope: string[], inputs: PropertyMap): { [input: string]: string } {
  return Object.fromEntries(scope.map((key) => [key, String(inputs[key])]));
}

function propertiesOf(token: string): PropertySchemas {
  const resource = schema.resources.get(token);
  if (!resource) throw new Error(`schema.json has no ${token}`);
  return resource.properties;
}

/** The inputs under the API's names, without what stands in the path; free values go as they are. */
export function bodyFrom(properties: PropertySchemas, inputs: PropertyMap, without: string[]): PropertyMap {
  const body: PropertyMap = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (without.includes(key)) continue;
    body[apiName(key)] = properties[key]?.shape.kind === "any" ? value : toApi(value);
  }
  return body;
}

/** What the API says, as far as the schema has a property for it; what it never gives back is kept from the inputs. */
function outputsFrom(
  properties: PropertySchemas,
  result: Result,
  known: Pick<Known, "inputs" | "outputs">,
): PropertyMap {
  const outputs: PropertyMap = {};
  for (const [apiKey, value] of Object.entries(result)) {
    const key = pulumiName(apiKey, value);
    const property = properties[key];
    if (!property || value === null || value === undefined) continue;
    outputs[key] = fromApi(property.shape.kind, value);
  }
  for (const [key, property] of Object.entries(properties)) {
    const kept =
      outputs[key] ??
      (property.writeOnly || property.secret ? (known.inputs[key] ?? known.outputs[key]) : undefined);
    const value = kept ?? property.default;
    if (value !== undefined) outputs[key] = value;
  }
  return outputs;
}

function fromApi(kind: string, value: unknown): PropertyValue {
  // Some objects of the API are JSON text in the schema.
  if (kind === "string" && typeof value === "object") return JSON.stringify(value);
  return kind === "any" ? plain(value) : toPulumi(value);
}

/** A free value of the API, keys unchanged. */
function plain(value: unknown): PropertyValue {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
