import structpb from "google-protobuf/google/protobuf/struct_pb.js";

/** The class of {@link UNKNOWN}. */
class Unknown {
  readonly unknown = true;
}
/** Stands for a value that a preview does not know yet. */
export const UNKNOWN = new Unknown();

/** A value that the engine keeps encrypted. */
export class Secret {
  readonly value: PropertyValue;
  constructor(value: PropertyValue) {
    this.value = value;
  }
}

export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | Unknown
  | Secret
  | PropertyValue[]
  | PropertyMap;
export interface PropertyMap {
  [key: string]: PropertyValue;
}

/** The key under which the bridge's older half notes which inputs it filled in itself. */
export const DEFAULTS_KEY = "__defaults";

// How the engine writes what JSON cannot hold
// (https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go).
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Whether a value is a plain object with keys, not a marker, list or scalar. */
export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Secret || value instanceof Unknown);
}

/** Reads a protobuf struct as the engine sends it; nulls inside objects are left out, they mean "not set". */
export function decode(struct: structpb.Struct | undefined): PropertyMap {
  return struct ? decodeMap(struct.toJavaScript()) : {};
}

/** Writes properties as the engine reads them. Without `secrets`, secret values are written as plain ones. */
export function encode(properties: PropertyMap, options: { secrets: boolean }): structpb.Struct {
  return structpb.Struct.fromJavaScript(encodeMap(properties, options.secrets));
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function decodeValue(value: unknown): PropertyValue {
  if (value === UNKNOWN_TEXT) return UNKNOWN;
  if (Array.isArray(value)) return value.map(decodeValue);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "object" || value === null) return null;
  const wire: { [key: string]: unknown } = { ...value };
  const signature = wire[SIGNATURE_KEY];
  if (signature === undefined) return decodeMap(wire);
  const inner = wire.value === undefined ? UNKNOWN : decodeValue(wire.value);
  if (signature === SECRET_SIGNATURE) return new Secret(inner);
  if (signature === OUTPUT_SIGNATURE) return wire.secret === true ? new Secret(inner) : inner;
  throw new Error(`the engine sent a kind of value that the stand-ins do not take (signature ${signature})`);
}

function decodeMap(wire: { [key: string]: unknown }): PropertyMap {
  const map: PropertyMap = {};
  for (const [key, value] of Object.entries(wire)) {
    if (value !== null && value !== undefined) map[key] = decodeValue(value);
  }
  return map;
}

function encodeValue(value: PropertyValue, secrets: boolean): Json {
  if (value instanceof Unknown) return UNKNOWN_TEXT;
  if (value instanceof Secret) {
    const inner = encodeValue(value.value, secrets);
    return secrets ? { [SIGNATURE_KEY]: SECRET_SIGNATURE, value: inner } : inner;
  }
  if (Array.isArray(value)) return value.map((item) => encodeValue(item, secrets));
  if (isMap(value)) return encodeMap(value, secrets);
  return value;
}

function encodeMap(map: PropertyMap, secrets: boolean): { [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(map)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, encodeValue(value, secrets)]),
  );
}

/** The value without its secret markers, at every depth. */
export function reveal(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  return isMap(value) ? revealMap(value) : value;
}
export function revealMap(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, reveal(value)]));
}

/** Whether an unknown is anywhere in the value. */
export function hasUnknown(value: PropertyValue): boolean {
  return some(value, (part) => part === UNKNOWN);
}
/** Whether a secret is anywhere in the value. */
export function hasSecret(value: PropertyValue): boolean {
  return some(value, (part) => part instanceof Secret);
}

function some(value: PropertyValue, test: (value: PropertyValue) => boolean): boolean {
  if (test(value)) return true;
  if (value instanceof Secret) return some(value.value, test);
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isMap(value) && Object.values(value).some((item) => some(item, test));
}

/** Marks `value` secret at every place where `like` has a secret; a list of another length is marked as a whole. */
export function markLike(value: PropertyValue, like: PropertyValue | undefined): PropertyValue {
  if (like === undefined || value instanceof Secret) return value;
  if (like instanceof Secret) return new Secret(value);
  if (!hasSecret(like)) return value;
  if (isMap(value) && isMap(like)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, markLike(part, like[key])]));
  }
  if (Array.isArray(value) && Array.isArray(like) && value.length === like.length) {
    return value.map((part, index) => markLike(part, like[index]));
  }
  return new Secret(value);
}
