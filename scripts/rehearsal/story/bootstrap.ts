import { z } from "zod";
import { fillEsc } from "./fill-esc.ts";
import { HOSTS } from "./hosts.ts";
import { deployDevJob, IMAGE, releaseJob } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { keepJob, type Scene } from "./scene.ts";

const Servers = z.object({
  servers: z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()) })),
});

const Firewalls = z.object({
  firewalls: z.array(
    z.object({ rules: z.array(z.object({ port: z.string().nullish(), source_ips: z.array(z.string()) })) }),
  ),
});
const SERVERS = ["server1-dev.example.com", "server1.example.com", "server2.example.com"];

export const bootstrap: Scene<LoopMemory> = {
  name: "bootstrap",
  title: "Two stacks out of nothing",
  tells:
    "A new owner puts the credentials into Pulumi ESC and pushes the template. The push brings dev up; the first tag, v1.0.0, brings prod up.",
  async play(stage, notes, memory) {
    await fillEsc(stage);
    const sha = await stage.checkout.git("rev-parse", "HEAD");
    memory.commits.bootstrap = sha;
    keepJob(notes, await deployDevJob(stage, sha));
    keepJob(notes, await releaseJob(stage, "v1.0.0", sha));

    const { servers } = Servers.parse(await stage.api("hetzner", "/servers"));
    const byStack = (stack: string) =>
      servers.filter(({ labels }) => labels.stack === stack).map(({ name }) => name);
    notes.expect("Hetzner has one server for dev", byStack("dev").length === 1, servers);
    notes.expect("Hetzner has two servers for prod", byStack("prod").length === 2, servers);

    const { firewalls } = Firewalls.parse(await stage.api("hetzner", "/firewalls"));
    const open = firewalls.flatMap(({ rules }) => rules);
    notes.expect(
      "Their firewalls let in nothing but port 443, and nobody but Cloudflare",
      firewalls.length === 2 &&
        open.every(({ port, source_ips }) => port === "443" && !source_ips.some((ip) => ip.endsWith("/0"))),
      open,
    );

    const addresses = [
      HOSTS.dev.www,
      HOSTS.prod.www,
      HOSTS.dev.app,
      HOSTS.prod.app,
      HOSTS.dev.status,
      HOSTS.prod.status,
    ];
    const answers = await stage.visitor.visit(...addresses);
    for (const [index, answer] of answers.entries()) {
      notes.expect(
        `${addresses[index]} answers through the edge`,
        answer.status === 200,
        `${answer.status} ${answer.body.slice(0, 300)}`,
      );
    }
    const running = await stage.visitor.visit(...SERVERS.map((host) => `https://${host}/_release`));
    notes.expect(
      "Each server runs the image that the configuration names",
      running.every(({ body }) => body.includes(IMAGE)),
      running.map(({ body }) => body),
    );
    notes.keep("The landing page of prod, as the edge serves it", "page", answers[1]?.body ?? "");
  },
};
