import { getZone } from "@pulumi/cloudflare/getZone.js";
import { StackProblem } from "../problem.ts";

export interface Zone {
  id: string;
  name: string;
}

/** Looks the zone up by its name: zones are bought and delegated by people, a stack never makes one. */
export async function findZone(domain: string, accountId: string): Promise<Zone> {
  try {
    const zone = await getZone({ filter: { name: domain, account: { id: accountId } } });
    return { id: zone.zoneId, name: zone.name };
  } catch (error) {
    throw new StackProblem(
      `The zone ${domain} was not found in the Cloudflare account ${accountId}: ${(error as Error).message}`,
      "Check quayside:domain and quayside:accountId, that the zone was added to the account, and that the API token may read it.",
    );
  }
}
