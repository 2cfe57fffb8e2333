import { generateKeyPairSync, sign } from "node:crypto";
import { z } from "zod";
import type { Scene } from "../scene.ts";
import { reportOf, until } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

const Records = z.object({
  result: z.array(z.object({ id: z.string(), name: z.string(), content: z.string() })),
});

export const forgedRecord: Scene<ServerMemory> = {
  name: "forged-record",
  title: "A forged release record",
  tells:
    "Somebody has got hold of the DNS and announces a release of his own, signed with a key of his own. The servers ignore it, and say so.",
  async play(stage, notes) {
    const { images } = machinesOf(stage);
    const zone = `/zones/${stage.clouds.cloudflare.zoneId}/dns_records`;
    const { result } = Records.parse(await stage.api("cloudflare", `${zone}?type=TXT&per_page=100`));
    const record = result.find(({ name }) => name === "_release.app-dev.example.com");
    const body = `v=1 release=dev-evil at=${Math.floor(Date.now() / 1000)} image=${images.third}`;
    const { privateKey } = generateKeyPairSync("ed25519");
    const content = `"${body} sig=${sign(null, Buffer.from(body), privateKey).toString("base64url")}"`;
    await stage.api("cloudflare", `${zone}/${record?.id}`, { method: "PATCH", body: { content } });
    const told = await until(90, async () =>
      /not signed with this stack's key/.test((await reportOf(stage))?.lastError ?? ""),
    );
    const report = await reportOf(stage);
    notes.expect("The server says that the record is not signed with the stack's key", told, report);
    notes.expect("It still runs what it ran", report?.image === images.second && report.healthy, report);
    await stage.api("cloudflare", `${zone}/${record?.id}`, {
      method: "PATCH",
      body: { content: record?.content },
    });
  },
};
