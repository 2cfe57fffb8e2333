import type { Hono } from "hono";
import { z } from "zod";
import type { Invocations } from "../edge/invocations.ts";
import { body } from "../envelope.ts";
import type { CloudState } from "../state.ts";

const Query = z.object({ query: z.string(), variables: z.record(z.string(), z.string()).default({}) });

/**
 * Of the GraphQL analytics the dataset of Workers' calls, with the sums and filters that the pipeline asks for. What else is
 * asked is an error, as an unknown field is. https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-workers-metrics/
 */
export function graphql(api: Hono, state: CloudState, invocations: Invocations): void {
  const failed = (message: string) => ({ data: null, errors: [{ message, path: null }] });
  api.post("/graphql", async (c) => {
    const { query, variables } = await body(c, Query);
    const value = (argument: string): string | undefined => {
      const found = new RegExp(`\\b${argument}\\s*:\\s*(?:\\$(\\w+)|"([^"]*)")`).exec(query);
      return found?.[1] === undefined ? found?.[2] : variables[found[1]];
    };
    const selection = /workersInvocationsAdaptive\s*\([^{]*filter\s*:\s*\{[^}]*\}[^)]*\)\s*\{([\s\S]*)/.exec(
      query,
    )?.[1];
    if (selection === undefined)
      return c.json(failed("This rehearsal knows workersInvocationsAdaptive only"));
    const strange = [...selection.matchAll(/\w+/g)].find(
      ([field]) => !["sum", "requests", "errors"].includes(field),
    );
    if (strange) return c.json(failed(`unknown field "${strange[0]}"`));
    if (value("accountTag") !== state.accountId)
      return c.json(failed(`not authorized for that account: ${value("accountTag")}`));
    const from = new Date(value("datetime_geq") ?? "");
    const to = new Date(value("datetime_lt") ?? "");
    if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()))
      return c.json(failed("datetime_geq and datetime_lt must be times"));
    const rows = invocations
      .sums(from, to, value("scriptName"))
      .map(({ requests, errors }) => ({ sum: { requests, errors } }));
    return c.json({ data: { viewer: { accounts: [{ workersInvocationsAdaptive: rows }] } }, errors: null });
  });
}
