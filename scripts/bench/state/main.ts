import { z } from "zod";
import { createReporter } from "../../terminal/reporter.ts";
import { readOptions, runTool } from "../../terminal/tool.ts";
import { measureState, type StateFigures } from "./measure.ts";

const HELP = `Measures a state of many resources with secrets, by the real engine and a folder as its backend.

  --resources N,N   so many resources (default 100,1000)
  --json            print {"rows": […]} on stdout
  --help            this text

It takes about two minutes. Other work on the machine spoils the figures.
`;

const Options = z.object({
  json: z.boolean().default(false),
  help: z.boolean().default(false),
  resources: z
    .string()
    .default("100,1000")
    .transform((text) => text.split(",").map(Number))
    .pipe(z.array(z.number().int().min(1).max(100_000)).min(1)),
});

async function main(): Promise<undefined> {
  const { json, help, resources } = readOptions(
    "bench:state",
    { resources: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } },
    Options,
  );
  if (help) {
    process.stderr.write(HELP);
    return;
  }
  const reporter = createReporter({ stream: process.stderr, github: process.env.GITHUB_ACTIONS === "true" });
  const rows: StateFigures[] = [];
  for (const count of resources)
    rows.push(await reporter.step(`${count} resources`, () => measureState(count)));
  reporter.close();
  process.stdout.write(json ? `${JSON.stringify({ rows })}\n` : table(rows));
}

function table(rows: readonly StateFigures[]): string {
  const head =
    "| resources | secrets | up | preview, nothing to change | update of one | state |\n|---|---|---|---|---|---|\n";
  const lines = rows.map(
    ({ resources, secrets, upSeconds, previewSeconds, changeSeconds, bytes }) =>
      `| ${resources} | ${secrets} | ${upSeconds.toFixed(1)} s | ${previewSeconds.toFixed(1)} s | ${changeSeconds.toFixed(1)} s | ${(bytes / 1e6).toFixed(1)} MB |\n`,
  );
  return head + lines.join("");
}

await runTool(main);
