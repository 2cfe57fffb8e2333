import { join } from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "./tokens.ts";

const CLOUDS = ["hetzner", "cloudflare", "edge", "github", "esc", "neon", "doppler"] as const;
export type PortOwner = (typeof CLOUDS)[number];
export type Ports = { [owner in PortOwner]?: number };

const File = z.partialRecord(z.enum(CLOUDS), z.number().int());

/** The ports that the world had last time, from `<world>/ports.json`. */
export function portsOf(world: string): Ports {
  return readJson(join(world, "ports.json"), File) ?? {};
}

export function keepPorts(world: string, ports: Ports): void {
  writeJson(join(world, "ports.json"), ports);
}

/** Starts something on the wanted port, or on any free one when somebody else has that port by now. */
export async function onPort<T>(wanted: number | undefined, start: (port: number) => Promise<T>): Promise<T> {
  if (!wanted) return start(0);
  try {
    return await start(wanted);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return start(0);
    throw error;
  }
}
