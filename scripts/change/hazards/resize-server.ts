import type { HazardRule } from "./rule.ts";

/** Changing a server's type in place: Hetzner does it with the server switched off. */
export const resizeServer: HazardRule = {
  rule: "resize-server",
  severity: "outage",
  about: "A server gets another type, for which Hetzner switches it off.",
  ofStep(step) {
    if (step.type !== "hcloud:index/server:Server" || step.operation !== "update") return [];
    const diff = step.diffs.find(({ path, kind }) => path === "serverType" && kind === "change");
    if (!diff) return [];
    const oneWay =
      step.after?.keepDisk === true
        ? ""
        : " Its disk grows with it, so that there is no way back to the smaller type.";
    return [
      {
        what: `Switches the server off to resize it from ${String(diff.before)} to ${String(diff.after)}.${oneWay}`,
        avoid:
          "Resize one server at a time while another one serves, and set keepDisk to be able to go back.",
      },
    ];
  },
};
