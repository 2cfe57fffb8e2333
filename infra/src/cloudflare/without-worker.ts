import { WorkersRoute } from "@pulumi/cloudflare/workersRoute.js";

/**
 * Takes paths out of the wider routes of Workers. Requests there are no requests of a Worker, of which a free account has
 * 100,000 a day for all Workers together: https://developers.cloudflare.com/workers/platform/limits/#daily-requests
 */
export function withoutWorker(name: string, zoneId: string, pattern: string): void {
  new WorkersRoute(name, { zoneId, pattern });
}
