import type { Catalogue } from "../change/cost.ts";

/**
 * Monthly prices, in cents of US dollars, of what no API tells: paid plans that the stack's configuration names.
 * Cloudflare: https://www.cloudflare.com/plans/ (Pro, billed by the year), Neon: https://neon.com/pricing; as of 2026-11.
 */
const PLANS: Record<string, Record<string, number>> = {
  cloudflarePlan: { free: 0, pro: 2000 },
  neonPlan: { free: 0, launch: 1900 },
};
const LABELS: Record<string, string> = { cloudflarePlan: "Cloudflare plan", neonPlan: "Neon plan" };

/** The plans of a stack as lines of its cost. `setting` reads one value of the stack's configuration. */
export function planCosts(setting: (key: string) => string | undefined): Catalogue["plans"] {
  return Object.entries(PLANS).flatMap(([key, prices]) => {
    const plan = setting(key) ?? "free";
    const cents = prices[plan] ?? 0;
    return cents === 0 ? [] : [{ label: `${LABELS[key]}: ${plan}`, beforeCents: cents, afterCents: cents }];
  });
}
