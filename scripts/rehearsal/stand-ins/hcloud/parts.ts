import { z } from "zod";
import type { Hetzner } from "./client.ts";

/** Labels as an input; none where the program gives none. */
export const Labels = z.record(z.string(), z.string()).default({});

/** A thing that others refer to by its id, or null: the API gives either the number or an object with it. */
export const Reference = z
  .union([z.number(), z.object({ id: z.number() })])
  .nullish()
  .transform((value) => (typeof value === "object" ? value?.id : value));

/** A location as newer answers have it (`location`) or as older ones do (inside `datacenter`). */
export const Located = z.object({
  location: z.object({ name: z.string() }).nullish(),
  datacenter: z.object({ name: z.string(), location: z.object({ name: z.string() }) }).nullish(),
});

/** Leaves out what is null or undefined: absent and null mean the same to the engine. */
export function given<T>(values: { [key: string]: T | null | undefined }): { [key: string]: T } {
  const result: { [key: string]: T } = {};
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) result[key] = value;
  }
  return result;
}

/** Sets a resource's protection where it is not yet as wanted. */
export async function protect(
  hetzner: Hetzner,
  path: string,
  now: { delete: boolean; rebuild?: boolean },
  wanted: { delete: boolean; rebuild?: boolean },
): Promise<void> {
  if (now.delete === wanted.delete && (now.rebuild ?? false) === (wanted.rebuild ?? false)) return;
  await hetzner.act(`${path}/actions/change_protection`, wanted);
}

/** Splits the id of a part of a network, `123-10.0.1.0/24`, into the network's id and the rest. */
export function splitId(id: string): { network: number; rest: string } {
  const dash = id.indexOf("-");
  const network = Number(id.slice(0, dash));
  if (dash < 1 || !Number.isInteger(network)) {
    throw new Error(`"${id}" is no id of a part of a network; it should look like 123-10.0.1.0/24`);
  }
  return { network, rest: id.slice(dash + 1) };
}
