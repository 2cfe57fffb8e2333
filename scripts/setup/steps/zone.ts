import { UserError } from "../../errors.ts";
import { cloudflare, zone } from "../facts/cloudflare.ts";
import { cloudflarePreviewToken } from "../questions/cloudflare.ts";
import type { Step } from "../step.ts";

export const zoneStep: Step = {
  name: "zone",
  title: "The domain at Cloudflare",
  purpose: "All hosts are below it, and visitors reach nothing but Cloudflare.",
  async find(bench) {
    const found = await zone(bench);
    await bench.ask(cloudflarePreviewToken);
    if (found.status === "active") return [];
    const api = await cloudflare(bench, "write");
    // Asks Cloudflare to look again, which it does by itself only now and then.
    await api.ask("PUT", `/zones/${found.id}/activation_check`);
    throw new UserError(
      "setup-delegation",
      `Cloudflare does not answer for ${found.name} yet: the zone is ${found.status}.`,
      `At your registrar, make these the domain's name servers: ${found.name_servers.join(", ")}. That takes minutes, sometimes a day; then run npm run setup again.`,
    );
  },
};
