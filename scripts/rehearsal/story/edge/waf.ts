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
    expect: z.enum(["blocked", "passed"]),
    why: z.string(),
  }),
);

export const waf: Scene<EdgeMemory> = {
  name: "waf",
  title: "Attacks stop at the edge, and nothing else does",
  tells:
    "Every row of the table of requests is sent to the app of both stacks: what scanners ask for all day, and the innocent neighbours of it. The rules belong to prod's stack and hold for both.",
  async play(stage, notes) {
    const file = join(stage.checkout.dir, "infra", "src", "cloudflare", "waf.requests.yaml");
    const rows = Requests.parse(parse(readFileSync(file, "utf8")));
    for (const [stack, { app }] of Object.entries(HOSTS)) {
      const answers = await stage.visitor.visit(
        ...rows.map(({ path, method, from }) => ({
          url: `${app}${path}`,
          method,
          ...(from ? { headers: { "x-rehearsal-client-ip": from } } : {}),
        })),
      );
      const seen = rows.map((row, index) => {
        const answer = answers[index];
        const blocked = answer?.status === 403 && answer.body.includes("you have been blocked");
        return { ...row, status: answer?.status ?? 0, outcome: blocked ? "blocked" : "passed" };
      });
      for (const outcome of ["blocked", "passed"] as const) {
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
          .map(({ method, path, from = "anybody", status, outcome, why }) =>
            [outcome.padEnd(7), status, method.padEnd(4), path, `from ${from}:`, why].join(" "),
          )
          .join("\n"),
      );
    }
  },
};
