import { z } from "zod";
import { createReporter } from "../terminal/reporter.ts";
import { interruption, readOptions, runTool } from "../terminal/tool.ts";
import { bench } from "./bench.ts";
import { CASES } from "./cases.ts";
import { renderTable } from "./table.ts";

const HELP = `Measures this pipeline beside the stock sequence of pulumi and wrangler processes, on the rehearsed clouds.

  --json            print {"rows": […]} on stdout
  --runs N          measure each case N times on each side (default 5)
  --workers N,N     with so many Workers (default 1,5,20)
  --case NAME       only this case: ${CASES.join(", ")}; may be given more than once
  --latency MS      make every call to a cloud take longer (default 50)
  --quick           one run with one Worker
  --help            this text

All of it takes about half an hour on two cores. Other work on the machine spoils the figures.
`;

const Options = z.object({
  json: z.boolean().default(false),
  help: z.boolean().default(false),
  quick: z.boolean().default(false),
  runs: z.coerce.number().int().min(1).max(100).optional(),
  latency: z.coerce.number().int().nonnegative().max(60_000).default(50),
  workers: z
    .string()
    .transform((text) => text.split(",").map(Number))
    .pipe(z.array(z.number().int().min(1).max(99)).min(1))
    .optional(),
  case: z.array(z.enum(CASES)).optional(),
});

async function main(): Promise<undefined> {
  const options = readOptions(
    "bench",
    {
      json: { type: "boolean" },
      help: { type: "boolean" },
      quick: { type: "boolean" },
      runs: { type: "string" },
      latency: { type: "string" },
      workers: { type: "string" },
      case: { type: "string", multiple: true },
    },
    Options,
  );
  if (options.help) {
    process.stderr.write(HELP);
    return;
  }
  const reporter = createReporter({ stream: process.stderr, github: process.env.GITHUB_ACTIONS === "true" });
  const signal = interruption((name) => reporter.warn(`${name}: ending after what is being measured.`));
  const { latency: latencyMs } = options;
  const runs = options.runs ?? (options.quick ? 1 : 5);
  const rows = await bench({
    root: new URL("../..", import.meta.url).pathname,
    cases: options.case ?? CASES,
    workers: options.workers ?? (options.quick ? [1] : [1, 5, 20]),
    runs,
    latencyMs,
    reporter,
    signal,
  }).finally(() => reporter.close());
  if (options.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
  else process.stdout.write(renderTable(rows, { runs, latencyMs, stream: process.stdout }));
}

await runTool(main);
