import { z } from "zod";
import { hetzner } from "../../setup/facts/hetzner.ts";
import type { Check } from "../check.ts";

/** What a new account's project may hold; no call tells an account's own limits. https://docs.hetzner.com/cloud/general/faq */
const LIMITS = [
  { kind: "servers", limit: 10 },
  { kind: "primary_ips", limit: 20 },
  { kind: "volumes", limit: 20 },
] as const;

const Listed = z.looseObject({
  meta: z.object({ pagination: z.object({ total_entries: z.number().nullable() }) }),
});

export const quota: Check = {
  name: "quota",
  about: "Room in the Hetzner project",
  async look(bench) {
    const api = await hetzner(bench, "read");
    const found = await Promise.all(
      LIMITS.map(async ({ kind, limit }) => {
        const { meta } = await api.call("GET", `/${kind}?per_page=1`, Listed);
        const count = meta.pagination.total_entries ?? 0;
        return count < limit
          ? []
          : [
              {
                level: "soon" as const,
                text: `The project holds ${count} ${kind.replace("_", " ")}; a new account may have ${limit}.`,
                fix: "Ask for more at https://console.hetzner.com/limits, or delete what is not needed.",
              },
            ];
      }),
    );
    return found.flat();
  },
};
