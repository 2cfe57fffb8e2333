import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";
import type { Finding } from "../question.ts";

/**
 * What an API token of Hetzner Cloud may do. A project's token reads, or reads and writes, everything in it
 * (https://docs.hetzner.cloud/reference/cloud#authentication); no call tells which of the two, so it is tried with a request
 * that can make nothing: a placement group without a name.
 */
export async function inspectHetznerToken(api: RestApi, purpose: "read" | "write"): Promise<Finding[]> {
  const read = await api.ask("GET", "/servers?per_page=1");
  if (read.status === 401)
    return [{ wrong: true, text: "Hetzner does not know this token: it is mistyped, or was deleted." }];
  if (read.status !== 200)
    return [{ wrong: true, text: `Hetzner answered ${read.status} to it: ${read.message} (${read.code}).` }];
  const write = await api.ask("POST", "/placement_groups", {});
  const writes = write.code !== "token_readonly" && write.status !== 401 && write.status !== 403;
  if (purpose === "write" && !writes)
    return [{ wrong: true, text: "It only reads. Make one with the permission “Read & Write”." }];
  if (purpose === "read" && writes)
    return [
      { wrong: true, text: "It may write, and pull requests use it: make one with the permission “Read”." },
    ];
  return [];
}

const Named = z.object({
  placement_groups: z.array(z.object({ id: z.number(), name: z.string() })),
});

/** Whether two tokens open the same project: what one makes, the other sees. What is made costs nothing and goes at once. */
export async function openSameProject(write: RestApi, read: RestApi): Promise<boolean> {
  const name = "quayside-setup-probe";
  const path = `/placement_groups?name=${name}`;
  const made = z.object({ placement_group: z.object({ id: z.number() }) });
  const [left] = (await write.call("GET", path, Named)).placement_groups;
  const id =
    left?.id ??
    (await write.call("POST", "/placement_groups", made, { name, type: "spread" })).placement_group.id;
  try {
    return (await read.call("GET", path, Named)).placement_groups.some((group) => group.id === id);
  } finally {
    await write.ask("DELETE", `/placement_groups/${id}`);
  }
}
