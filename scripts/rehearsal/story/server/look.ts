import { request } from "node:http";
import { z } from "zod";
import type { Machine } from "../../machines/machine.ts";
import type { Stage } from "../../stage/stage.ts";
import { machinesOf } from "./stage.ts";

export const APP = "https://app-dev.example.com";

const Servers = z.object({
  servers: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      public_net: z.object({ ipv4: z.object({ ip: z.string() }) }),
    }),
  ),
});
const Report = z.looseObject({
  release: z.string().nullable(),
  image: z.string().nullable(),
  healthy: z.boolean(),
  lastError: z.string().nullable(),
  backup: z
    .looseObject({
      last: z.string().nullable(),
      outcome: z.string().nullable(),
      restored: z.looseObject({ of: z.string() }).nullable(),
    })
    .nullish(),
  attempt: z.looseObject({ image: z.string(), step: z.string().nullable(), outcome: z.string() }).nullable(),
});
export type Report = z.infer<typeof Report>;

export interface FoundServer {
  id: number;
  ip: string;
  machine: Machine;
}

/** A server as Hetzner's API knows it, with its machine. */
export async function serverOf(stage: Stage, name = "server1"): Promise<FoundServer> {
  const { servers } = Servers.parse(await stage.api("hetzner", "/servers"));
  const found = servers.find((server) => server.name.endsWith(name));
  const machine = found && machinesOf(stage).machine(found.id);
  if (!found || !machine) throw new Error(`there is no ${name} with a machine`);
  return { id: found.id, ip: found.public_net.ipv4.ip, machine };
}

/**
 * Asks through the edge, as somebody on the internet: without a process of its own, so that many can ask at once. A person
 * is somebody who wants to read a page, and gets the maintenance page where a program gets the edge's own error.
 */
export function ask(
  stage: Stage,
  url: string,
  init: { method?: string; body?: string; person?: true } = {},
): Promise<{ status: number; body: string }> {
  const { hostname, pathname } = new URL(url);
  const edge = new URL(stage.clouds.edge.url);
  return new Promise((resolve) => {
    const call = request(
      {
        hostname: edge.hostname,
        port: edge.port,
        // A connection that is kept may just be closed from the other side, which would count against the app.
        agent: false,
        path: pathname,
        method: init.method ?? "GET",
        headers: {
          host: hostname,
          "x-rehearsal-scheme": "https",
          ...(init.person ? { accept: "text/html" } : {}),
          ...(init.body === undefined
            ? {}
            : {
                "content-type": "application/x-www-form-urlencoded",
                "content-length": String(Buffer.byteLength(init.body)),
              }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", () => resolve({ status: 0, body: "" }));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      },
    );
    call.on("error", () => resolve({ status: 0, body: "" }));
    call.end(init.body);
  });
}

/** Whether an answer is the page that people get from the edge while no server answers. */
export function isMaintenance({ status, body }: { status: number; body: string }): boolean {
  return status === 503 && body.includes("Back in a moment.");
}

/** The report of a server's agent, through the edge; undefined while it gives none. */
export async function reportOf(stage: Stage, server = "server1"): Promise<Report | undefined> {
  const { status, body } = await ask(stage, `https://${server}-dev.example.com/_release`);
  return status === 200 ? Report.safeParse(JSON.parse(body)).data : undefined;
}

/** Waits until something is so; whether it got so. */
export async function until(seconds: number, so: () => Promise<boolean> | boolean): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (await so()) return true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}
