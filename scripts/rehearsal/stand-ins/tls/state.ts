import type { ResourceKind } from "../provider/resource.ts";

/** Keys and certificates live in the state alone: that is where they are read from, and deleting them is forgetting them. */
export const fromState: Pick<ResourceKind<undefined>, "read" | "update" | "delete"> = {
  async read(_client, known) {
    if (Object.keys(known.outputs).length === 0) {
      throw new Error("keys and certificates can't be imported: nothing but the state has them");
    }
    return { id: known.id, outputs: known.outputs };
  },
  /** Only `earlyRenewalHours` can change without a replacement, and it changes nothing else. */
  async update(_client, revision) {
    return { id: revision.id, outputs: { ...revision.known.outputs, ...revision.inputs } };
  },
  async delete() {},
};
