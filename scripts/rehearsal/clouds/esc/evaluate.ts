import { isMap, isScalar, isSeq, type LineCounter } from "yaml";
import type { Vault } from "../base/vault.ts";
import { ciphertextOf, type Definition, parseDefinition } from "./definition.ts";
import { type Diagnostic, rangeOf, type SourceRange } from "./diagnostic.ts";
import { type PathStep, parseInterpolation } from "./interpolation.ts";

/** A property as the API shows it; `value` of an object or a list holds properties again. */
export interface Property {
  value: null | boolean | number | string | Property[] | { [key: string]: Property };
  secret?: boolean;
  trace: { def?: SourceRange };
}

export interface Evaluated {
  properties: { [key: string]: Property };
  diagnostics: Diagnostic[];
}

/** Where an evaluation gets the environments that it imports from, and who evaluates. */
export interface Surroundings {
  vault: Vault;
  organization: string;
  login: string;
  /** The definition of `project/name` or `project/name@version`; undefined when there is none. */
  load(reference: string): string | undefined;
}

/**
 * Evaluates an environment (https://www.pulumi.com/docs/esc/reference/environment-definition-syntax/): its imports,
 * merged in order, then its own `values` over them, with `${…}` interpolated and functions called. A value that was made
 * from a secret is a secret.
 *
 * Providers that ask other services (`fn::open::…`) and rotation are beyond this cloud: they are diagnosed as unknown.
 */
export function evaluate(name: string, text: string, surroundings: Surroundings): Evaluated {
  return evaluateWithin(name, name, parseDefinition(name, text), surroundings, [name]);
}

function evaluateWithin(
  root: string,
  name: string,
  definition: Definition,
  surroundings: Surroundings,
  chain: string[],
): Evaluated {
  const diagnostics = [...definition.diagnostics];
  if (diagnostics.length > 0) return { properties: {}, diagnostics };
  const contents = definition.document.contents;
  let imported: { [key: string]: Property } = {};
  for (const { reference, merge } of importsOf(contents)) {
    const text = surroundings.load(reference);
    const base = reference.replace(/@.*$/, "");
    if (text === undefined || chain.includes(base)) {
      const summary =
        text === undefined ? `unknown environment "${reference}"` : `cyclic import of "${base}"`;
      diagnostics.push({ summary, path: "imports" });
      continue;
    }
    const part = evaluateWithin(root, base, parseDefinition(base, text), surroundings, [...chain, base]);
    diagnostics.push(...part.diagnostics);
    if (merge) imported = mergeProperties(imported, part.properties);
  }
  const values = isMap(contents) ? contents.get("values") : undefined;
  const scope = new Scope(root, name, definition.lines, surroundings, values, imported, diagnostics);
  return { properties: scope.all(), diagnostics };
}

/** The values of one definition while they are evaluated: each when it is first asked for. */
class Scope {
  readonly #root: string;
  readonly #name: string;
  readonly #lines: LineCounter;
  readonly #surroundings: Surroundings;
  readonly #values: unknown;
  readonly #imported: { [key: string]: Property };
  readonly #diagnostics: Diagnostic[];
  readonly #done = new Map<unknown, Property>();
  readonly #underway = new Set<unknown>();

  constructor(
    root: string,
    name: string,
    lines: LineCounter,
    surroundings: Surroundings,
    values: unknown,
    imported: { [key: string]: Property },
    diagnostics: Diagnostic[],
  ) {
    this.#root = root;
    this.#name = name;
    this.#lines = lines;
    this.#surroundings = surroundings;
    this.#values = values;
    this.#imported = imported;
    this.#diagnostics = diagnostics;
  }

  all(): { [key: string]: Property } {
    if (!isMap(this.#values)) return this.#imported;
    const own: { [key: string]: Property } = {};
    for (const { key, value } of this.#values.items) own[textOf(key)] = this.#node(value, textOf(key));
    return mergeProperties(this.#imported, own);
  }

  #node(node: unknown, path: string): Property {
    const done = this.#done.get(node);
    if (done !== undefined) return done;
    if (this.#underway.has(node)) return this.#problem(node, path, "cyclic reference");
    this.#underway.add(node);
    const property = this.#compute(node, path);
    this.#underway.delete(node);
    if (node !== null) this.#done.set(node, property);
    return property;
  }

  #compute(node: unknown, path: string): Property {
    if (isScalar(node)) {
      const { value } = node;
      if (typeof value === "string") return this.#interpolate(value, node, path);
      if (typeof value === "boolean" || typeof value === "number" || value === null)
        return this.#made(node, value);
      return this.#made(node, String(value));
    }
    if (isSeq(node))
      return this.#made(
        node,
        node.items.map((item, index) => this.#node(item, `${path}[${index}]`)),
      );
    if (!isMap(node)) return this.#made(node, null);
    const [first] = node.items;
    const name = first ? textOf(first.key) : "";
    if (name.startsWith("fn::")) {
      if (node.items.length > 1)
        return this.#problem(node, path, `"${name}" must be the only key of its object`);
      return this.#call(name, first?.value, node, path);
    }
    const object: { [key: string]: Property } = {};
    for (const { key, value } of node.items)
      object[textOf(key)] = this.#node(value, `${path}.${textOf(key)}`);
    return this.#made(node, object);
  }

  #interpolate(text: string, node: unknown, path: string): Property {
    const pieces = parseInterpolation(text);
    if (pieces === undefined) return this.#problem(node, path, `invalid interpolation in "${text}"`);
    const [only] = pieces;
    if (pieces.length === 1 && only && "path" in only) {
      const target = this.#resolve(only.path, node, path);
      return { ...target, ...this.#trace(node) };
    }
    let whole = "";
    let secret = false;
    for (const piece of pieces) {
      if ("text" in piece) whole += piece.text;
      else {
        const target = this.#resolve(piece.path, node, path);
        whole += asText(target);
        secret ||= isSecret(target);
      }
    }
    return this.#made(node, whole, secret);
  }

  /** What a path names: of this definition first, then of its imports. */
  #resolve(path: PathStep[], node: unknown, at: string): Property {
    const [head, ...rest] = path;
    if (head === "context") return this.#context(rest, node, at);
    const own = isMap(this.#values) ? this.#values.get(String(head), true) : undefined;
    const inherited = this.#imported[String(head)];
    let current =
      own === undefined
        ? inherited
        : inherited === undefined
          ? this.#node(own, String(head))
          : mergeProperty(inherited, this.#node(own, String(head)));
    for (const step of rest) current = current === undefined ? undefined : child(current, step);
    return current ?? this.#problem(node, at, `unknown property "${spell(path)}"`);
  }

  #context(path: PathStep[], node: unknown, at: string): Property {
    const { organization, login } = this.#surroundings;
    const known: { [path: string]: string } = {
      "rootEnvironment.name": this.#root,
      "currentEnvironment.name": this.#name,
      "pulumi.organization.login": organization,
      "pulumi.user.login": login,
    };
    const value = known[path.join(".")];
    return value === undefined
      ? this.#problem(node, at, `unknown property "${spell(["context", ...path])}"`)
      : this.#made(node, value);
  }

  #call(name: string, argument: unknown, node: unknown, path: string): Property {
    if (name === "fn::secret") return this.#secret(argument, node, path);
    const evaluated = this.#node(argument, `${path}["${name}"]`);
    const secret = isSecret(evaluated);
    const text = typeof evaluated.value === "string" ? evaluated.value : undefined;
    switch (name) {
      case "fn::toJSON":
        return this.#made(node, JSON.stringify(plain(evaluated)), secret);
      case "fn::toString":
        return this.#made(node, asText(evaluated), secret);
      case "fn::toBase64":
        if (text !== undefined) return this.#made(node, Buffer.from(text).toString("base64"), secret);
        break;
      case "fn::fromBase64":
        if (text !== undefined) return this.#made(node, Buffer.from(text, "base64").toString("utf8"), secret);
        break;
      case "fn::fromJSON":
        if (text !== undefined) return this.#fromJson(text, node, path, secret);
        break;
      case "fn::join": {
        const [separator, list] = Array.isArray(evaluated.value) ? evaluated.value : [];
        if (typeof separator?.value === "string" && Array.isArray(list?.value))
          return this.#made(node, list.value.map(asText).join(separator.value), secret);
        break;
      }
      default:
        return this.#problem(node, path, `unknown built-in function or provider "${name}"`);
    }
    return this.#problem(node, path, `wrong argument of "${name}"`);
  }

  #secret(argument: unknown, node: unknown, path: string): Property {
    const raw: unknown =
      isScalar(argument) || isMap(argument) || isSeq(argument) ? argument.toJSON() : argument;
    const ciphertext = ciphertextOf(raw);
    if (ciphertext === undefined) return this.#made(node, fromPlain(raw, true).value, true);
    const plaintext = this.#surroundings.vault.decrypt(ciphertext);
    return plaintext === undefined
      ? this.#problem(node, path, "invalid ciphertext")
      : this.#made(node, fromPlain(JSON.parse(plaintext), true).value, true);
  }

  #fromJson(text: string, node: unknown, path: string, secret: boolean): Property {
    try {
      return this.#made(node, fromPlain(JSON.parse(text), secret).value, secret);
    } catch {
      return this.#problem(node, path, "the text is no JSON");
    }
  }

  #made(node: unknown, value: Property["value"], secret = false): Property {
    return { value, ...(secret ? { secret } : {}), ...this.#trace(node) };
  }

  #trace(node: unknown): { trace: { def?: SourceRange } } {
    const range =
      isScalar(node) || isMap(node) || isSeq(node) ? rangeOf(this.#name, this.#lines, node.range) : undefined;
    return { trace: range ? { def: range } : {} };
  }

  #problem(node: unknown, path: string, summary: string): Property {
    const { trace } = this.#trace(node);
    this.#diagnostics.push({ summary, path: `values.${path}`, ...(trace.def ? { range: trace.def } : {}) });
    return { value: null, trace };
  }
}

function importsOf(contents: unknown): { reference: string; merge: boolean }[] {
  const list = isMap(contents) ? contents.get("imports") : undefined;
  if (!isSeq(list)) return [];
  return list.items.flatMap((item) => {
    if (isScalar(item)) return [{ reference: withProject(String(item.value)), merge: true }];
    if (!isMap(item)) return [];
    return item.items.map(({ key, value }) => ({
      reference: withProject(textOf(key)),
      merge: !(isMap(value) && value.get("merge") === false),
    }));
  });
}

/** An environment named without its project is of the project `default`. */
function withProject(reference: string): string {
  return reference.includes("/") ? reference : `default/${reference}`;
}

/** JSON merge: objects key by key, everything else by the later one. */
function mergeProperties(
  base: { [key: string]: Property },
  over: { [key: string]: Property },
): { [key: string]: Property } {
  const merged = { ...base };
  for (const [key, property] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = below === undefined ? property : mergeProperty(below, property);
  }
  return merged;
}

function mergeProperty(base: Property, over: Property): Property {
  if (!isObject(base.value) || !isObject(over.value)) return over;
  return { ...over, value: mergeProperties(base.value, over.value) };
}

function isObject(value: Property["value"]): value is { [key: string]: Property } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of an object or a list; undefined when there is none. What lies in a secret is secret. */
export function child(property: Property, step: PathStep): Property | undefined {
  const { value } = property;
  const found = Array.isArray(value)
    ? value[Number(step)]
    : isObject(value) && Object.hasOwn(value, String(step))
      ? value[String(step)]
      : undefined;
  return found && property.secret ? { ...found, secret: true } : found;
}

function isSecret(property: Property): boolean {
  if (property.secret) return true;
  if (Array.isArray(property.value)) return property.value.some(isSecret);
  return isObject(property.value) && Object.values(property.value).some(isSecret);
}

function plain(property: Property): unknown {
  if (Array.isArray(property.value)) return property.value.map(plain);
  if (!isObject(property.value)) return property.value;
  return Object.fromEntries(Object.entries(property.value).map(([key, value]) => [key, plain(value)]));
}

function fromPlain(value: unknown, secret: boolean): Property {
  const mark = { ...(secret ? { secret } : {}), trace: {} };
  if (Array.isArray(value)) return { value: value.map((item) => fromPlain(item, secret)), ...mark };
  if (typeof value === "object" && value !== null)
    return {
      value: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item, secret)])),
      ...mark,
    };
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return { value, ...mark };
  return { value: null, ...mark };
}

function asText(property: Property): string {
  const { value } = property;
  if (typeof value === "string") return value;
  return JSON.stringify(plain(property));
}

function textOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function spell(path: PathStep[]): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join("");
}
