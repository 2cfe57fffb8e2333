import { createHash, randomBytes } from "node:crypto";
import { type PropertyValue, Secret, UNKNOWN } from "./property.ts";

/** What a generated name is made of. */
export interface AutoName {
  /** The resource's logical name, the last part of its URN. */
  logicalName: string;
  /** The engine's seed: the same for a preview and the update that follows it from a plan; may be empty. */
  seed: Uint8Array;
  /** What the stack's own `pulumi:autonaming` configuration asks for, where there is one. */
  configured?: { mode: "propose" | "enforce" | "disable"; name: string };
}

/**
 * The physical name of a resource that the program gave none: the old one where there is one, else the logical name,
 * a dash and seven hexadecimal digits, as the bridge makes it. Undefined where the configuration forbids it.
 */
export function autoName(auto: AutoName, old: PropertyValue | undefined): PropertyValue | undefined {
  if (old !== undefined && old !== null && old !== UNKNOWN && old !== "" && !(old instanceof Secret))
    return old;
  if (auto.configured?.mode === "disable") return undefined;
  if (auto.configured) return auto.configured.name;
  const digits =
    auto.seed.length > 0
      ? createHash("sha256").update(auto.seed).update(auto.logicalName).digest("hex")
      : randomBytes(4).toString("hex");
  return `${auto.logicalName}-${digits.slice(0, 7)}`;
}
