import { z } from "zod";
import { resultOf } from "../../providers/cloudflare-api.ts";
import { cloudflare, zone } from "../../setup/facts/cloudflare.ts";
import type { Check } from "../check.ts";

const Dnssec = resultOf(z.object({ status: z.string(), ds: z.string().nullish() }));

export const dnssec: Check = {
  name: "dnssec",
  about: "The DS record at the registrar",
  async look(bench) {
    const { id, name } = await zone(bench);
    const { status, ds } = await (await cloudflare(bench, "read")).call("GET", `/zones/${id}/dnssec`, Dnssec);
    // Before prod is up nobody has switched it on.
    if (status !== "pending") return [];
    return [
      {
        level: "soon",
        text: `The registrar of ${name} does not have its DS record, so that nobody checks the zone's signatures.`,
        fix: `Give it to the registrar: ${ds ?? "the dashboard shows it, under DNS, Settings"}`,
      },
    ];
  },
};
