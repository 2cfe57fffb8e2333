import type { Limits } from "../change/hazards/rule.ts";

/** When a change of cost is a hazard of its own: a rise of more than 20 dollars a month. */
export const LIMITS: Limits = { monthlyIncreaseCents: 2000 };
