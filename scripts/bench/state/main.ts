import { parseArgs } from "node:util";
import { createReporter } from "../../terminal/reporter.ts";
import { measureState, type StateFigures } from "./measure.ts";

const HELP = `Measures a state of many resources with secrets, by the real engine and a folder as its backend.

  --resources N,N   so many resources (default 100,1000)
  --json            print {"rows": […]} on stdout
  --help            this text

It takes about two minutes. Other work on the machine spoils the figures.
`;

const { values } = parseArgs({
  options: {
    resources: { type: "string", default: "100,1000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stderr.write(HELP);
else {
  const reporter = createReporter({ stream: process.stderr, github: process.env.GITHUB_ACTIONS === "true" });
  const rows: StateFigures[] = [];
  for (const count of values.resources.split(",").map(Number))
    rows.push(await reporter.step(`${count} resources`, () => measureState(count)));
  reporter.close();
  process.stdout.write(values.json ? `${JSON.stringify({ rows })}\n` : table(rows));
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
