import { dollars } from "../money.ts";
import type { HazardRule } from "./rule.ts";

/** Spending more than the team has agreed to. */
export const costAbove: HazardRule = {
  rule: "cost-above",
  severity: "cost",
  about: "The change costs more a month than the configured limit.",
  ofChange({ cost, limits }) {
    if (!cost) return [];
    const increase = cost.afterCents - cost.beforeCents;
    const { monthlyIncreaseCents: most, monthlyTotalCents: total } = limits;
    const findings = [];
    if (most !== undefined && increase > most)
      findings.push({
        what: `Costs ${dollars(increase)} a month more; the limit for one change is ${dollars(most)}.`,
        avoid:
          "Choose smaller types or sizes, or raise pipeline:monthlyIncrease in the stack's configuration.",
      });
    else if (total !== undefined && increase > 0 && cost.afterCents > total)
      findings.push({
        what: `The stack would cost ${dollars(cost.afterCents)} a month; its limit is ${dollars(total)}.`,
        avoid: "Choose smaller types or sizes, or raise pipeline:monthlyLimit in the stack's configuration.",
      });
    return findings;
  },
};
