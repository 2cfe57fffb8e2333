import { z } from "zod";
import { messageOf } from "../errors.ts";
import { request } from "./request.ts";

/** How often a Worker was called in a time, and how often it failed: threw, ran out of its limits, could not start. */
export interface Invocations {
  requests: number;
  errors: number;
}

const Sum = z.object({ sum: z.object({ requests: z.number(), errors: z.number() }) });
const Answer = z.object({
  data: z
    .object({
      viewer: z.object({ accounts: z.array(z.object({ workersInvocationsAdaptive: z.array(Sum) })) }),
    })
    .nullish(),
  errors: z.array(z.object({ message: z.string() })).nullish(),
});

const QUERY = `query ($account: string, $script: string, $from: string, $to: string) {
  viewer {
    accounts(filter: { accountTag: $account }) {
      workersInvocationsAdaptive(limit: 100, filter: { scriptName: $script, datetime_geq: $from, datetime_lt: $to }) {
        sum { requests errors }
      }
    }
  }
}`;

/**
 * A Worker's calls between two times, by Cloudflare's GraphQL analytics (sampled, and a few minutes late). Undefined with a
 * reason where they can't be had: the token needs Account Analytics read.
 * https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-workers-metrics/
 */
export async function workerInvocations(
  cloudflare: { token: string; baseUrl?: string },
  query: { accountId: string; script: string; from: Date; to: Date },
): Promise<Invocations | { unknown: string }> {
  const { token, baseUrl = "https://api.cloudflare.com/client/v4" } = cloudflare;
  try {
    const response = await request(`${baseUrl}/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        query: QUERY,
        variables: {
          account: query.accountId,
          script: query.script,
          from: query.from.toISOString(),
          to: query.to.toISOString(),
        },
      }),
    });
    const { data, errors } = Answer.parse(await response.json());
    const said = errors?.map(({ message }) => message).join("; ");
    if (said || !data) return { unknown: said || `answered ${response.status}` };
    const rows = data.viewer.accounts.flatMap((account) => account.workersInvocationsAdaptive);
    return rows.reduce<Invocations>(
      (all, { sum }) => ({ requests: all.requests + sum.requests, errors: all.errors + sum.errors }),
      { requests: 0, errors: 0 },
    );
  } catch (error) {
    return { unknown: messageOf(error) };
  }
}
