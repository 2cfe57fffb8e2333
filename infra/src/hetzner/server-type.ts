import { getServerTypes } from "@pulumi/hcloud/getServerTypes.js";
import { log } from "@pulumi/pulumi";
import { z } from "zod";
import { StackProblem } from "../problem.ts";
import type { Location } from "./location.ts";

/** What the catalogue says of one server type, for one location. */
export interface Offer {
  name: string;
  cores: number;
  /** In GB. */
  memory: number;
  /** In GB. */
  disk: number;
  architecture: string;
  /** Can be ordered there now. */
  available: boolean;
  /** Is going out of sale there. */
  deprecated: boolean;
}

/** What the provider hands over. https://docs.hetzner.cloud/reference/cloud#server-types */
const ServerTypes = z.object({
  serverTypes: z.array(
    z.object({
      name: z.string(),
      cores: z.number(),
      memory: z.number(),
      disk: z.number(),
      architecture: z.string(),
      locations: z
        .array(
          z.object({
            name: z.string(),
            available: z.boolean().default(true),
            isDeprecated: z.boolean().default(false),
          }),
        )
        .default([]),
    }),
  ),
});
type ServerTypes = z.output<typeof ServerTypes>["serverTypes"];

/**
 * Checks against the live catalogue that a server type is offered at a location, and gives its name back.
 *
 * Throws a {@link StackProblem} with the nearest types that are, and their prices. A type that is only sold out or going
 * out of sale is a warning: living servers keep theirs, and their stack has to go on.
 */
export async function offeredServerType(
  serverType: string,
  location: Location,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { serverTypes } = ServerTypes.parse(await getServerTypes());
  const offer = offersAt(serverTypes, location).find(({ name }) => name === serverType);
  if (offer?.available && !offer.deprecated) return serverType;

  const alternatives = await priced(nearest(serverTypes, serverType, location), location, environment);
  const list = alternatives.map((line) => `  - ${line}`).join("\n");
  if (offer) {
    const state = offer.available ? "is going out of sale" : "is sold out for now";
    log.warn(`Server type ${serverType} ${state} at ${location}; a new server needs another one:\n${list}`);
    return serverType;
  }
  const known = serverTypes.some(({ name }) => name === serverType);
  throw new StackProblem(
    known
      ? `Server type ${serverType} is not offered at ${location}.`
      : `Hetzner has no server type ${serverType}.`,
    `Set quayside:serverType to one that ${location} offers, nearest first:\n${list}`,
  );
}

/** The types that can be had at a location. */
export function offersAt(serverTypes: ServerTypes, location: string): Offer[] {
  return serverTypes.flatMap(({ locations, ...type }) => {
    const there = locations.find(({ name }) => name === location);
    return there ? [{ ...type, available: there.available, deprecated: there.isDeprecated }] : [];
  });
}

/** The three offered types nearest to what was asked for; the smallest ones, if nobody knows what that was. */
export function nearest(serverTypes: ServerTypes, asked: string, location: string): Offer[] {
  const wanted = serverTypes.find(({ name }) => name === asked) ?? {
    cores: 0,
    memory: 0,
    architecture: "x86",
  };
  // Twice as much and half as much are equally far away.
  const steps = (have: number, want: number) =>
    Math.abs(Math.log2(Math.max(have, 0.5) / Math.max(want, 0.5)));
  const distance = (offer: Offer) => steps(offer.cores, wanted.cores) + steps(offer.memory, wanted.memory);
  return offersAt(serverTypes, location)
    .filter((offer) => offer.available && !offer.deprecated && offer.architecture === wanted.architecture)
    .sort((a, b) => distance(a) - distance(b) || a.memory - b.memory)
    .slice(0, 3);
}

const Prices = z.object({
  server_types: z.array(
    z.object({
      name: z.string(),
      prices: z.array(z.object({ location: z.string(), price_monthly: z.object({ net: z.string() }) })),
    }),
  ),
});

/**
 * One line an offer, with its price. The provider knows no prices, so they are asked for at Hetzner's own API, and only
 * here, where somebody has to choose; without a token or an answer the lines do without.
 */
async function priced(offers: Offer[], location: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const prices = await monthlyPrices(location, environment).catch(() => new Map<string, string>());
  return offers.map(({ name, cores, memory, disk }) => {
    const price = prices.get(name);
    return `${name}: ${cores} vCPU, ${memory} GB memory, ${disk} GB disk, ${
      price ? `${price} a month without tax, in your account's currency` : "price unknown"
    }`;
  });
}

/** By name, in the currency of the account. `GET /server_types`: https://docs.hetzner.cloud/reference/cloud#server-types-list-server-types */
async function monthlyPrices(location: string, environment: NodeJS.ProcessEnv): Promise<Map<string, string>> {
  const endpoint = environment.HCLOUD_ENDPOINT ?? "https://api.hetzner.cloud/v1";
  const response = await fetch(`${endpoint}/server_types?per_page=50`, {
    headers: { authorization: `Bearer ${environment.HCLOUD_TOKEN ?? ""}` },
    signal: AbortSignal.timeout(5000),
  });
  const { server_types } = Prices.parse(await response.json());
  return new Map(
    server_types.flatMap(({ name, prices }) => {
      const there = prices.find((price) => price.location === location);
      return there ? [[name, Number(there.price_monthly.net).toFixed(2)] as const] : [];
    }),
  );
}
