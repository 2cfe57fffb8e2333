import { type HazardRule, members } from "./rule.ts";

/** Hetzner's own protection flags: inputs, beside Pulumi's option. */
const PROVIDER_FLAGS = ["deleteProtection", "rebuildProtection"] as const;

/** Taking away what keeps a resource from being deleted. */
export const dropProtect: HazardRule = {
  rule: "drop-protect",
  severity: "data-loss",
  about: "A resource loses its protection, so that the next change could delete it.",
  ofStep(step) {
    if (step.operation === "create" || step.operation === "delete") return [];
    const before = members(step.before);
    const after = members(step.after);
    const dropped = [
      ...(step.wasProtected === true && !step.protected ? ["protect"] : []),
      ...PROVIDER_FLAGS.filter((flag) => step.after && before[flag] === true && after[flag] !== true),
    ];
    if (dropped.length === 0) return [];
    return [
      {
        what: `Takes the protection off (${dropped.join(", ")}): from then on any change may delete or replace it.`,
        avoid:
          "Leave it protected; drop the protection only in the change that needs it, and put it back after.",
      },
    ];
  },
};
