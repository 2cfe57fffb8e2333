import { isIP } from "node:net";

/** A block of IPv4 or IPv6 addresses. `base` is the first address as a number. */
export interface Block {
  version: 4 | 6;
  base: bigint;
  prefix: number;
}

/** Reads `10.0.0.0/16` or `2001:db8::/32`; undefined for anything else, also when host bits are set. */
export function parseBlock(text: string): Block | undefined {
  const [address = "", length, ...rest] = text.split("/");
  if (length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const version = isIP(address);
  if (version !== 4 && version !== 6) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = Number(length);
  if (prefix > bits) return undefined;
  const base = addressToNumber(address);
  const hostBits = BigInt(bits - prefix);
  return (base >> hostBits) << hostBits === base ? { version, base, prefix } : undefined;
}

/** An address as a number. The text must be an address (node's `isIP`). */
export function addressToNumber(address: string): bigint {
  if (isIP(address) === 4)
    return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(Number(part)), 0n);
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = tail === undefined ? [] : Array<string>(8 - front.length - back.length).fill("0");
  return [...front, ...middle, ...back].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part || "0"}`), 0n);
}

export function ipv4FromNumber(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

export function sizeOf(block: Block): bigint {
  return 1n << BigInt((block.version === 4 ? 32 : 128) - block.prefix);
}

/** Whether `outer` holds all of `inner`. */
export function contains(outer: Block, inner: Block): boolean {
  return (
    outer.version === inner.version &&
    inner.base >= outer.base &&
    inner.base + sizeOf(inner) <= outer.base + sizeOf(outer)
  );
}

export function overlaps(a: Block, b: Block): boolean {
  return a.version === b.version && a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}

/** Whether an address lies in a block. */
export function holds(block: Block, address: string): boolean {
  if (isIP(address) !== block.version) return false;
  const value = addressToNumber(address);
  return value >= block.base && value < block.base + sizeOf(block);
}
