import { z } from "zod";
import { createReporter } from "../../terminal/reporter.ts";
import { interruption, readOptions, runTool } from "../../terminal/tool.ts";
import { loadIntake } from "./run.ts";

const HELP = `Posts to the intake Worker in the real workerd while its origin is dead for an hour of the Worker's time, then
lets the origin live: each message must arrive once, each sender's in order.

  --json      print {"posts","delivered","duplicates","lost","rps","p99_ms"} on stdout
  --posts N   so many posts (default 10000)
  --speed N   the Worker's clock runs so many times as fast as the real one (default 60)
  --help      this text

All on this machine, on loopback; about two minutes. Other work on the machine spoils rps and p99_ms.
`;

const Options = z.object({
  json: z.boolean().default(false),
  help: z.boolean().default(false),
  posts: z.coerce.number().int().min(1).max(100_000).default(10_000),
  speed: z.coerce.number().min(1).max(3600).default(60),
});

async function main(): Promise<undefined> {
  const { json, help, posts, speed } = readOptions(
    "load:intake",
    {
      json: { type: "boolean" },
      help: { type: "boolean" },
      posts: { type: "string" },
      speed: { type: "string" },
    },
    Options,
  );
  if (help) {
    process.stderr.write(HELP);
    return;
  }
  const reporter = createReporter({ stream: process.stderr, github: process.env.GITHUB_ACTIONS === "true" });
  const result = await loadIntake({
    root: new URL("../../..", import.meta.url).pathname,
    posts,
    speed,
    reporter,
    signal: interruption(),
  }).finally(() => reporter.close());
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const { delivered, duplicates, lost, rps, p99_ms } = result;
    process.stdout.write(
      `${delivered} of ${result.posts} messages arrived once and in order, ${duplicates} doubled, ${lost} lost. Accepted ${rps} a second, 99 % of them within ${p99_ms} ms.\n`,
    );
  }
}

await runTool(main);
