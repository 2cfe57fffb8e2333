import { z } from "zod";
import { readCatalogue } from "../../providers/hetzner.ts";
import { hetzner } from "../../setup/facts/hetzner.ts";
import { hetznerPreviewToken } from "../../setup/questions/hetzner.ts";
import type { Check } from "../check.ts";

const Labels = z.record(z.string(), z.string());
const Servers = z.object({
  servers: z.array(
    z.object({
      name: z.string(),
      labels: Labels,
      server_type: z.object({ name: z.string() }),
      location: z.object({ name: z.string() }).optional(),
      datacenter: z.object({ location: z.object({ name: z.string() }) }).nullish(),
    }),
  ),
});

export const cost: Check = {
  name: "cost",
  about: "Servers that are paid for and belong to no stack",
  async look(bench) {
    const api = await hetzner(bench, "read");
    const { servers } = await api.call("GET", "/servers?per_page=50", Servers);
    const token = await bench.ask(hetznerPreviewToken);
    const prices = await readCatalogue(token, bench.context.now(), [], bench.context.env.HCLOUD_ENDPOINT);
    return servers
      .filter(({ labels }) => !bench.project.stacks.includes(labels.stack ?? ""))
      .map(({ name, server_type, location, datacenter }) => {
        const place = location?.name ?? datacenter?.location.name ?? "";
        const cents = prices.serverTypes[server_type.name]?.[place];
        const price = cents === undefined ? "" : `, ${(cents / 100).toFixed(2)} a month`;
        return {
          level: "soon" as const,
          text: `The server ${name} (${server_type.name}${price}) belongs to no stack of this repository.`,
          fix: "Delete it in the Hetzner console, if nobody needs it.",
        };
      });
  },
};
