import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { z } from "zod";
import { EXIT, UserError } from "../../errors.ts";
import { type Progress, type Torture, torture } from "./torture.ts";

const HELP = `Kills a deployment at every write that the clouds see, and lets the clouds fail at every write; then runs the same
command again and compares what stands there with an undisturbed deployment.

  --sample N      only N trials, drawn from all
  --only REGEXP   only trials whose name it fits, "kill pipeline at hetzner 10"
  --seed N        draws another sample (default 1)
  --lanes N       how many worlds at once (default 2)
  --json          print the tally as one line of JSON
  --help          this text
`;

const count = (least: number) => z.coerce.number().int().min(least).optional();
const Pattern = z
  .string()
  .transform((text, context) => {
    try {
      return new RegExp(text);
    } catch {
      context.addIssue({ code: "custom", message: "is no regular expression" });
      return z.NEVER;
    }
  })
  .optional();
const Values = z.object({ only: Pattern, sample: count(1), seed: count(0), lanes: count(1) });

async function main(): Promise<number> {
  const { values } = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  const parsed = Values.safeParse(values);
  if (!parsed.success)
    throw new UserError("bad-argument", z.prettifyError(parsed.error), "See --help.", EXIT.usage);
  const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
  const dir = join(root, ".rehearsal-torture");
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort());
  const result = await torture({
    root,
    dir,
    seed: parsed.data.seed ?? 1,
    lanes: parsed.data.lanes ?? 2,
    ...(parsed.data.only === undefined ? {} : { only: parsed.data.only }),
    ...(parsed.data.sample === undefined ? {} : { sample: parsed.data.sample }),
    signal: interruption.signal,
    told: teller(dir),
  });
  const { kills, faults, duplicates, orphans, lost, unequal } = result;
  if (values.json)
    process.stdout.write(`${JSON.stringify({ kills, faults, duplicates, orphans, lost, unequal })}\n`);
  process.stderr.write(summary(result));
  rmSync(dir, { recursive: true, force: true });
  if (interruption.signal.aborted) return EXIT.failed;
  return duplicates + orphans + lost + unequal === 0 ? EXIT.done : EXIT.failed;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        sample: { type: "string" },
        only: { type: "string" },
        seed: { type: "string" },
        lanes: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError("bad-argument", message, "See --help.", EXIT.usage, { cause: error });
  }
}

/** Tells each trial in a line, and keeps the logs of those that went wrong beside the worlds. */
function teller(dir: string): (progress: Progress) => void {
  const begun = performance.now();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const logs = `${dir}-logs`;
  return (progress) => {
    switch (progress.kind) {
      case "ground":
        return say("Clouds, secrets and a checkout; then one deployment that nobody disturbs …");
      case "undisturbed":
        return say(`${progress.writes.length} writes, ${progress.things} things; ${progress.trials} trials`);
      case "trial": {
        const { done, of, result } = progress;
        const left = ((performance.now() - begun) / done) * (of - done);
        const mark = result.log === undefined ? green("✓") : red("✗");
        say(
          `${mark} ${String(done).padStart(String(of).length)}/${of}  ${result.trial}  ${result.outcomes.join(" → ")}  ${result.seconds.toFixed(1)} s${done < of ? `  (${minutes(left)} left)` : ""}`,
        );
        if (result.log === undefined) return;
        for (const kind of ["duplicates", "orphans", "lost", "unequal"] as const)
          for (const line of result[kind]) say(`    ${kind}: ${line}`);
        mkdirSync(logs, { recursive: true });
        const file = join(logs, `${result.trial.replaceAll(/[^\w.-]+/g, "-").slice(0, 100)}.log`);
        writeFileSync(file, result.log);
        say(`    log: ${file}`);
      }
    }
  };
}

function summary({
  kills,
  faults,
  duplicates,
  orphans,
  lost,
  unequal,
  writes,
  of,
  seconds,
}: Torture): string {
  const rows: [string, number][] = [
    ["duplicates", duplicates],
    ["orphans", orphans],
    ["lost", lost],
    ["unequal", unequal],
  ];
  return [
    "",
    `${kills} kills and ${faults} faults (of ${of}) at ${writes} writes in ${minutes(seconds * 1000)}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(10)}  ${value === 0 ? green("0") : red(String(value))}`),
    "",
  ].join("\n");
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const green = (text: string) => styleText("green", text, { stream: process.stderr });
const red = (text: string) => styleText("red", text, { stream: process.stderr });

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n${error.fix}\n`);
  process.exit(error.exitCode);
}
