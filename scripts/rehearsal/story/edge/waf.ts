import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { HOSTS } from "../hosts.ts";
import type { Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";

/** The rows of infra/src/cloudflare/waf.requests.yaml, which says what they mean. */
const Requests = z.array(
  z.strictObject({
    path: z.string(),
    method: z.enum(["GET", "POST"]).default("GET"),
    from: z.string().optional(),
    site: z.enum(["app", "www"]).default("app"),
    times: z.number().default(1),
    expect: z.enum(["blocked", "limited", "passed"]),
    why: z.string(),
  }),
);

export const waf: Scene<EdgeMemory> = {
  name: "waf",
  title: "Attacks stop at the edge, and nothing else does",
  tells:
    "Every row of the table of requests is sent to the hosts of both stacks: what scanners ask for all day, who posts faster than people write, and the innocent neighbours of it. The rules belong to prod's stack and hold for both.",
  async play(stage, notes) {
    const file = join(stage.checkout.dir, "infra", "src", "cloudflare", "waf.requests.yaml");
    const rows = Requests.parse(parse(readFileSync(file, "utf8")));
    for (const [stack, hosts] of Object.entries(HOSTS)) {
      // A visitor is a process, and one is enough: each row has as many answers as requests, in their order.
      const answers = await stage.visitor.visit(
        ...rows.flatMap(({ path, method, from, site, times }) =>
          Array.from({ length: times }, () => ({
            url: `${hosts[site]}${path}`,
            method,
            ...(from ? { headers: { "x-rehearsal-client-ip": from } } : {}),
          })),
        ),
      );
      const seen = rows.map((row) => {
        const all = answers.splice(0, row.times);
        const blocked = all.every(
          ({ status, body }) => status === 403 && body.includes("you have been blocked"),
        );
        const limited = all.some(({ status, body }) => status === 429 && body.includes("1015"));
        const outcome = blocked ? "blocked" : limited ? "limited" : "passed";
        return { ...row, status: all.map(({ status }) => status).join(" "), outcome };
      });
      for (const outcome of ["blocked", "limited", "passed"] as const) {
        const wrong = seen.filter((row) => row.expect === outcome && row.outcome !== outcome);
        const count = rows.filter((row) => row.expect === outcome).length;
        notes.expect(
          `On ${stack} all ${count} requests that must be ${outcome} are`,
          wrong.length === 0 && count > 0,
          wrong,
        );
      }
      notes.keep(
        `What happened to each request on ${stack}`,
        "text",
        seen
          .map(({ method, site, path, from = "anybody", status, outcome, why }) =>
            [outcome.padEnd(7), status, method.padEnd(4), `${site}${path}`, `from ${from}:`, why].join(" "),
          )
          .join("\n"),
      );
    }
  },
};
