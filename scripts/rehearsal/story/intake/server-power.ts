import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";

const Servers = z.object({
  servers: z.array(
    z.object({ id: z.number(), status: z.string(), labels: z.record(z.string(), z.string()) }),
  ),
});

/** Switches dev's servers on or off at Hetzner, as a breakdown would, and waits until they are. */
export async function switchServers(stage: Stage, power: "on" | "off"): Promise<void> {
  const wanted = power === "on" ? "running" : "off";
  const servers = await serversOfDev(stage);
  for (const { id } of servers)
    await stage.api("hetzner", `/servers/${id}/actions/power${power}`, { method: "POST", body: {} });
  const deadline = Date.now() + 20_000;
  while ((await serversOfDev(stage)).some(({ status }) => status !== wanted))
    if (Date.now() > deadline) throw new Error(`a server of dev is still not ${wanted}`);
}

async function serversOfDev(stage: Stage): Promise<z.infer<typeof Servers>["servers"]> {
  const { servers } = Servers.parse(await stage.api("hetzner", "/servers"));
  return servers.filter(({ labels }) => labels.stack === "dev");
}
