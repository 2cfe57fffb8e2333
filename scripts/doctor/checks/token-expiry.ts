import { cloudflare } from "../../setup/facts/cloudflare.ts";
import { verifyCloudflareToken } from "../../setup/tokens/cloudflare.ts";
import type { Check } from "../check.ts";

const SOON_DAYS = 21;
const DAY_MS = 86_400_000;

export const tokenExpiry: Check = {
  name: "token-expiry",
  about: "Tokens that end soon",
  async look(bench) {
    const uses = ["write", "read"] as const;
    const found = await Promise.all(
      uses.map(async (use) => {
        const verified = await verifyCloudflareToken(await cloudflare(bench, use));
        if (!verified?.expires_on) return [];
        const days = Math.floor((Date.parse(verified.expires_on) - bench.context.now().getTime()) / DAY_MS);
        if (days > SOON_DAYS) return [];
        const whose = use === "write" ? "for deployments" : "for previews";
        return [
          {
            level: days < 0 ? ("wrong" as const) : ("soon" as const),
            text: `Cloudflare's token ${whose} ends on ${verified.expires_on.slice(0, 10)}.`,
            fix: `npm run secrets -- rotate CLOUDFLARE_API_TOKEN${use === "read" ? " --preview" : ""}`,
          },
        ];
      }),
    );
    return found.flat();
  },
};
