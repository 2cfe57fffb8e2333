import type { Value } from "./model.ts";
import { pathOfIndex, pathOfKey } from "./paths.ts";

/** The engine's words for "known only after the update", one for each kind of value (sdk/go/common/resource/plugin/rpc.go). */
const UNKNOWN: ReadonlySet<unknown> = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** The key that says that an object is no plain data, and what it is then (sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/**
 * One value as the engine shows it in an event, with markers for what is secret or not known yet.
 *
 * `hashSecret` gets a secret's path and gives the keyed hash of what is behind it, or undefined where it can't be known.
 */
export function valueFromEngine(
  raw: unknown,
  hashSecret: (path: string) => string | undefined,
  path = "",
): Value | undefined {
  if (raw === undefined) return undefined;
  if (raw === null || typeof raw === "boolean") return raw;
  if (typeof raw === "number") return Number.isFinite(raw) ? raw : String(raw);
  if (typeof raw === "string") {
    if (UNKNOWN.has(raw)) return { $unknown: true };
    return raw === "[secret]" ? { $secret: hashSecret(path) ?? "" } : raw;
  }
  if (Array.isArray(raw))
    return raw.map(
      (element, index) => valueFromEngine(element, hashSecret, pathOfIndex(path, index)) ?? null,
    );
  if (typeof raw !== "object") return String(raw);
  const signed = signedValue(raw, hashSecret, path);
  if (signed !== undefined) return signed;
  const entries = Object.entries(raw).flatMap(([key, member]): [string, Value][] => {
    const value = valueFromEngine(member, hashSecret, pathOfKey(path, key));
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(entries.length === 1 ? entries.map(notAMarker) : entries);
}

/** All properties of a resource, or undefined where there are none to read. */
export function propertiesFromEngine(
  raw: unknown,
  hashSecret: (path: string) => string | undefined,
): { [property: string]: Value } | undefined {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return undefined;
  return Object.fromEntries(
    Object.entries(raw).flatMap(([key, member]): [string, Value][] => {
      // What the bridge keeps for itself in a resource's properties; no person ever wrote it.
      if (key === "__defaults" || key === "__internal" || key === "__meta") return [];
      const value = valueFromEngine(member, hashSecret, pathOfKey("", key));
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function signedValue(
  raw: object,
  hashSecret: (path: string) => string | undefined,
  path: string,
): Value | undefined {
  const member = (name: string): unknown => Object.getOwnPropertyDescriptor(raw, name)?.value;
  switch (member(SIGNATURE)) {
    case undefined:
      return undefined;
    case SECRET:
      return { $secret: hashSecret(path) ?? "" };
    case ASSET:
      return `asset sha256:${String(member("hash") ?? "unknown")}`;
    case ARCHIVE:
      return `archive sha256:${String(member("hash") ?? "unknown")}`;
    case RESOURCE:
      return UNKNOWN.has(member("id")) ? { $unknown: true } : String(member("id") || member("urn"));
    case OUTPUT:
      if (member("secret") === true) return { $secret: hashSecret(path) ?? "" };
      return valueFromEngine(member("value"), hashSecret, path) ?? { $unknown: true };
    default:
      // A kind that a later engine brings: it may hold anything, so nothing of it is shown.
      return { $secret: hashSecret(path) ?? "" };
  }
}

/** Data that looks like a marker must not become one: its key gets one more `$`. */
function notAMarker([key, value]: [string, Value]): [string, Value] {
  return [/^\$+(secret|unknown)$/.test(key) ? `$${key}` : key, value];
}
